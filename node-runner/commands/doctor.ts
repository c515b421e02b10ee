import { Command } from 'commander'
import { type DoctorReport, doctorReport, type RankAdapter } from './doctor-report.ts'

interface DoctorFlags {
  adapter: string
  json?: boolean
  quiet?: boolean
}

/** `entrace doctor`: exit code 0 with a usable adapter, 3 without. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show the adapters, the one each rank would get, and what is missing and how to mend it')
    .option('--adapter <choice>', 'auto, cpu, gpu, or part of an adapter name', 'auto')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'print nothing: the exit code says whether there is an adapter')
    .action(async (flags: DoctorFlags) => {
      const report = await doctorReport(flags.adapter)
      if (flags.json) console.log(JSON.stringify(report, null, 2))
      else if (!flags.quiet) console.log(renderReport(report))
      if (!report.ranks.some(rank => rank.opens)) process.exitCode = 3
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
    ...report.ranks.flatMap(renderRank),
    '',
    'Findings',
    ...(report.findings.length > 0 ? [] : ['  nothing is missing']),
    ...report.findings.flatMap(({ problem, remedy }) => [`  ${problem}`, `    to mend: ${remedy}`]),
  ].join('\n')
}

function renderRank(rank: RankAdapter): string[] {
  const rows = [
    ...Object.entries(rank.limits).map(([name, value]) => [name, value.toLocaleString('en-US')]),
    ...Object.entries(rank.features).map(([name, present]) => [name, present ? 'yes' : 'no']),
  ]
  const width = Math.max(...rows.map(([name = '']) => name.length))
  return [
    '',
    `Rank ${rank.rank}: ${rank.name}${rank.kind === 'cpu' ? ' (CPU)' : ''}`,
    ...rows.map(([name = '', value]) => `  ${name.padEnd(width)}  ${value}`),
  ]
}
