import { Command } from 'commander'
import { adapterHelp } from '../adapter/adapter-choice.ts'
import { nameRanks } from '../adapter/rank-adapters.ts'
import { type DoctorReport, doctorReport, type RankReport } from '../measure/doctor-report.ts'
import type { ModelReport } from '../measure/model-report.ts'
import { type Column, printReport, renderTable, rowsOf } from '../terminal/report.ts'
import { describeVersions } from '../versions.ts'
import { integer } from './number-parsers.ts'

interface DoctorFlags {
  adapter: string
  ranks: number
  model?: string
  concurrency: number
  context: number
  json?: boolean
  quiet?: boolean
}

/** `entrace doctor`: exit code 0 with a usable adapter for every rank, 3 without. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show the adapters, the one each rank would get, and what is missing and how to fix it')
    .option('--adapter <choice>', adapterHelp, 'auto')
    .option('--ranks <n>', 'ranks to find an adapter for: --tp times --dp of a run', integer(1, 64), 1)
    .option('--model <model>', 'also say what this model is, and what each rank of --ranks would hold of it')
    .option('--concurrency <n>', 'sequences at once that a rank makes room for', integer(1, 1_000_000), 64)
    .option('--context <tokens>', 'length of every sequence', integer(1), 1024)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'print nothing: the exit code says whether there is an adapter')
    .action(async (flags: DoctorFlags) => {
      const room = { sequences: flags.concurrency, contextTokens: flags.context }
      const question = flags.model === undefined ? null : { model: flags.model, room }
      const report = await doctorReport(flags.adapter, flags.ranks, question)
      if (flags.json || !flags.quiet) printReport(report, flags.json, renderReport)
      if (report.ranks.length === 0 || report.ranks.some(rank => !rank.opens)) process.exitCode = 3
    })
}

/** The report as text for a terminal. */
export function renderReport({ versions, adapters, why, ranks, model, findings }: DoctorReport): string {
  const alike = Map.groupBy(ranks, ({ limits, features }) => JSON.stringify([limits, features]))
  return [
    describeVersions(versions),
    '',
    'Adapters',
    ...(adapters.length > 0 ? adapters : ['none']).map(name => `  ${name}`),
    ...(why === null ? [] : ['', `Chosen: ${why}`]),
    ...(ranks.length > 1 ? ['', renderTable(rowsOf(rankColumns, ranks))] : []),
    ...[...alike.values()].flatMap(renderAdapter),
    ...(model ? renderModel(model) : []),
    '',
    'Findings',
    ...(findings.length > 0 ? [] : ['  nothing is missing']),
    ...findings.flatMap(({ problem, remedy }) => [`  ${problem}`, `    to fix: ${remedy}`]),
  ].join('\n')
}

const rankColumns: Column<RankReport>[] = [
  ['rank', ({ rank }) => String(rank)],
  ['adapter', ({ adapter }) => adapter],
  ['kind', ({ kind }) => kind.toUpperCase()],
  [
    '',
    ({ opens, sharedBy }) =>
      !opens ? 'opens no device' : sharedBy.length > 1 ? `shared by ${nameRanks(sharedBy)}` : '',
  ],
]

const megabytes = (bytes: number) => (bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })

const memoryColumns: Column<ModelReport['ranks'][number]>[] = [
  ['rank', ({ rank }) => String(rank)],
  ['weights', ({ weightBytes }) => megabytes(weightBytes)],
  ['cache', ({ cacheBytes }) => megabytes(cacheBytes)],
  ['work', ({ workBytes }) => megabytes(workBytes)],
  ['together', ({ peakBytes }) => megabytes(peakBytes)],
]

function renderModel(model: ModelReport): string[] {
  const { name, family, models, layers, weightTypes, experts, sequences, contextTokens, ranks } = model
  const ofExperts =
    experts &&
    `, ${experts.perToken} of ${experts.count} experts a token${experts.shared ? ' and one of all tokens' : ''}`
  return [
    '',
    `Model ${name}`,
    `  ${family} (${models}), ${layers} layers, weights in ${weightTypes.join(', ')}${ofExperts ?? ''}`,
    `  MB of each rank, with room for ${sequences} sequences of ${contextTokens} tokens:`,
    renderTable(rowsOf(memoryColumns, ranks)),
  ]
}

function renderAdapter(ranks: readonly RankReport[]): string[] {
  const [{ name, kind, limits, features }] = ranks as [RankReport]
  const title = ranks.length === 1 ? `: ${name}${kind === 'cpu' ? ' (CPU)' : ''}` : ''
  const ranksOf = nameRanks(ranks.map(({ rank }) => rank))
  return [
    '',
    `${ranksOf[0]!.toUpperCase()}${ranksOf.slice(1)}${title}`,
    renderTable([
      ...Object.entries(limits).map(([limit, value]) => [`  ${limit}`, value.toLocaleString('en-US')]),
      ...Object.entries(features).map(([feature, present]) => [`  ${feature}`, present ? 'yes' : 'no']),
    ]),
  ]
}
