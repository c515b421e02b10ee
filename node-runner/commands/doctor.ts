import { Command } from 'commander'
import { nameRanks } from '../adapter/rank-adapters.ts'
import { type DoctorReport, doctorReport, type RankReport } from '../measure/doctor-report.ts'
import { renderTable } from '../terminal/report.ts'
import { integer } from './number-parsers.ts'

interface DoctorFlags {
  adapter: string
  ranks: number
  json?: boolean
  quiet?: boolean
}

/** `entrace doctor`: exit code 0 with a usable adapter for every rank, 3 without. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show the adapters, the one each rank would get, and what is missing and how to mend it')
    .option('--adapter <choice>', 'auto, cpu, gpu, or part of an adapter name', 'auto')
    .option('--ranks <n>', 'ranks to find an adapter for: --tp times --dp of a run', integer(1, 64), 1)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'print nothing: the exit code says whether there is an adapter')
    .action(async (flags: DoctorFlags) => {
      const report = await doctorReport(flags.adapter, flags.ranks)
      if (flags.json) console.log(JSON.stringify(report, null, 2))
      else if (!flags.quiet) console.log(renderReport(report))
      if (report.ranks.length === 0 || report.ranks.some(rank => !rank.opens)) process.exitCode = 3
    })
}

/** The report as text for a terminal. */
export function renderReport(report: DoctorReport): string {
  const { entrace, node, webgpu, platform } = report.versions
  return [
    `entrace ${entrace}, Node ${node}, Dawn of webgpu ${webgpu}, ${platform}`,
    '',
    'Adapters',
    ...(report.adapters.length > 0 ? report.adapters : ['none']).map(name => `  ${name}`),
    ...(report.ranks.length > 1 ? ['', renderRanks(report.ranks)] : []),
    ...alike(report.ranks).flatMap(renderAdapter),
    '',
    'Findings',
    ...(report.findings.length > 0 ? [] : ['  nothing is missing']),
    ...report.findings.flatMap(({ problem, remedy }) => [`  ${problem}`, `    to mend: ${remedy}`]),
  ].join('\n')
}

function renderRanks(ranks: RankReport[]): string {
  const rows = ranks.map(({ rank, adapter, kind, opens, sharedBy }) => {
    const sharing = sharedBy.length > 1 ? `shared by ${nameRanks(sharedBy)}` : ''
    return [String(rank), adapter, kind === 'cpu' ? 'CPU' : 'GPU', opens ? sharing : 'opens no device']
  })
  return renderTable([['rank', 'adapter', 'kind', ''], ...rows])
}

/** Ranks in groups whose adapters offer the same. */
function alike(ranks: RankReport[]): RankReport[][] {
  const groups = Map.groupBy(ranks, ({ limits, features }) => JSON.stringify([limits, features]))
  return [...groups.values()]
}

function renderAdapter(ranks: RankReport[]): string[] {
  const [{ name, kind, limits, features }] = ranks as [RankReport]
  const rows = [
    ...Object.entries(limits).map(([limit, value]) => [limit, value.toLocaleString('en-US')]),
    ...Object.entries(features).map(([feature, present]) => [feature, present ? 'yes' : 'no']),
  ]
  const width = Math.max(...rows.map(([label = '']) => label.length))
  const title = ranks.length === 1 ? `: ${name}${kind === 'cpu' ? ' (CPU)' : ''}` : ''
  const ranksOf = nameRanks(ranks.map(({ rank }) => rank))
  return [
    '',
    `${ranksOf[0]!.toUpperCase()}${ranksOf.slice(1)}${title}`,
    ...rows.map(([label = '', value]) => `  ${label.padEnd(width)}  ${value}`),
  ]
}
