import { Command, Option } from 'commander'
import { formatSignificant as significant } from '../../core/format-number.ts'
import { InputError } from '../../core/input-error.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import { prepareAdd } from '../../kernels/add/add.cases.ts'
import { allBenches } from '../../kernels/all-cases.ts'
import {
  type BenchCase,
  type BenchResult,
  createBenchClock,
  measureCases,
  suitsDevice,
} from '../../kernels/gpu/bench.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { adapterHelp } from '../adapter/adapter-choice.ts'
import { openAdapter } from '../adapter/dawn.ts'
import { type HostCostReport, measureHostCost } from '../measure/host-cost.ts'
import { measureModelSpeed } from '../measure/model-speed.ts'
import { type LoadFormat, openModel } from '../models/open-model.ts'
import { createProgress } from '../terminal/progress.ts'
import { type Column, printReport, renderTable, rowsOf } from '../terminal/report.ts'
import { renderHostCost, renderModelSpeed } from './bench-reports.ts'
import { integer, positiveIntegers } from './number-parsers.ts'

/** What `entrace bench --json` prints. */
export type BenchReport = Awaited<ReturnType<typeof benchDevice>>

/** What `entrace bench --model M --json` prints. */
export type BenchedModel = Awaited<ReturnType<typeof benchModel>>

/** What `entrace bench --host --json` prints. */
export type BenchedHost = HostCostReport & { formatVersion: typeof formatVersion }

interface BenchFlags {
  kernel?: string[]
  rounds?: number
  seconds: number
  allVariants?: boolean
  host?: boolean
  model?: string
  loadFormat: LoadFormat
  sequences?: number[]
  promptTokens?: number
  newTokens?: number
  adapter: string
  json?: boolean
  quiet?: boolean
}

const defaultMaxRounds = 50

/** Tokens of a prompt, and steps that are timed, unless others are asked for: what a GPU and a CPU adapter do in some minutes. */
const defaultTokens = { gpu: { prompt: 512, new: 128 }, cpu: { prompt: 16, new: 16 } }
const defaultSequences = [1, 4, 16, 64]
const defaultModelRounds = 3
const defaultHostRounds = 15

/**
 * `entrace bench`: times every kernel over the shapes that its test checks; or a model; or what a decode step costs the
 * host. The flags of one are refused beside those of another.
 */
export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'time every kernel over its list of shapes, or a model, or what a decode step costs the host',
    )
    .option('--kernel <name...>', 'only these kernels')
    .option('--host', "the host's own time for a decode step, on an adapter that computes nothing")
    .option(
      '--model <folder>',
      'a model: its start, its first token and those that follow, and their record; a folder, a file in GGUF or an id of the Hub',
    )
    .addOption(
      new Option(
        '--load-format <format>',
        'dummy: random weights, for the config of --model without its weights',
      )
        .choices(['auto', 'dummy'])
        .default('auto'),
    )
    .option(
      '--sequences <numbers...>',
      `with --model, sequences at once (${defaultSequences.join(' ')})`,
      positiveIntegers,
    )
    .option('--prompt-tokens <number>', 'with --model, tokens of a prompt (512; 16 on a CPU)', integer(1))
    .option('--new-tokens <number>', 'with --model, tokens timed after it (128; 16 on a CPU)', integer(1))
    .option(
      '--rounds <number>',
      `rounds of every case; without it of kernels as many as the time allows, of --model ${defaultModelRounds}, of --host ${defaultHostRounds}`,
      integer(1),
    )
    .option('--seconds <number>', 'time for all measurements together', integer(1), 100)
    .option('--all-variants', 'also the variants that are made for another kind of adapter: can take minutes')
    .option('--adapter <choice>', adapterHelp, 'auto')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .action(async (flags: BenchFlags) => {
      refuseMixedFlags(flags)
      const say = flags.quiet ? () => {} : (line: string) => console.error(line)
      if (flags.host) {
        const costs = await measureHostCost(flags.rounds ?? defaultHostRounds)
        const report: BenchedHost = { formatVersion, ...costs }
        printReport(report, flags.json, renderHostCost)
        return
      }
      if (flags.model !== undefined) {
        printReport(await benchModel(flags, flags.model, say), flags.json, renderModelSpeed)
        return
      }
      const cases = selectCases(allBenches, flags.kernel)
      const device = await openDevice(await openAdapter(flags.adapter))
      const chosen = flags.allVariants ? cases : cases.filter(one => suitsDevice(one, device.kind))
      const report = await benchDevice(device, chosen, flags, say).finally(() => device.destroy())
      printReport(report, flags.json, renderBenchReport)
    })
}

/** Flags that one kind of measurement alone has. */
const flagsOf = {
  kernels: ['kernel', 'allVariants'],
  model: ['sequences', 'promptTokens', 'newTokens'],
} as const

/** Throws InputError where flags of different measurements are given together. */
function refuseMixedFlags(flags: BenchFlags): void {
  const asked = flags.host ? 'host' : flags.model === undefined ? 'kernels' : 'model'
  if (flags.host && flags.model !== undefined)
    throw new InputError(
      'bench: --host and --model are two measurements, expected one of them; run them one after the other',
    )
  for (const [kind, names] of Object.entries(flagsOf))
    for (const name of names)
      if (kind !== asked && flags[name] !== undefined)
        throw new InputError(
          `bench: --${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)} is for the measurement of ` +
            `${kind === 'model' ? 'a model, expected --model with it' : 'kernels, expected neither --model nor --host with it'}; leave it out`,
        )
}

async function benchModel(flags: BenchFlags, model: string, say: (line: string) => void) {
  const folder = await openModel(model, flags.loadFormat, createProgress(flags.quiet ?? false))
  try {
    const device = await openDevice(await openAdapter(flags.adapter))
    const tokens = defaultTokens[device.kind]
    const request = {
      sequences: flags.sequences ?? defaultSequences,
      promptTokens: flags.promptTokens ?? tokens.prompt,
      newTokens: flags.newTokens ?? tokens.new,
      rounds: flags.rounds ?? defaultModelRounds,
    }
    const speed = measureModelSpeed(device, folder, flags.loadFormat, request, say)
    return { formatVersion, ...(await speed.finally(() => device.destroy())) }
  } finally {
    await folder.close()
  }
}

/** The cases of the named kernels, of all where none is named. Throws InputError on an unknown name. */
export function selectCases(
  cases: readonly BenchCase[],
  names: readonly string[] | undefined,
): readonly BenchCase[] {
  if (!names) return cases
  const known = new Set(cases.map(({ kernel }) => kernel))
  const unknown = names.find(name => !known.has(name))
  if (unknown !== undefined)
    throw new InputError(`--kernel ${unknown}: no such kernel; expected one of ${[...known].join(', ')}`)
  return cases.filter(({ kernel }) => names.includes(kernel))
}

async function benchDevice(
  device: Device,
  cases: readonly BenchCase[],
  { rounds, seconds }: { rounds?: number; seconds: number },
  say: (line: string) => void,
) {
  const probe = await prepareAdd(device, { rows: 1, width: 1000 })
  const clock = await createBenchClock(device, probe)
  probe.destroy()
  const byKernel = Object.entries(Object.groupBy(cases, ({ kernel }) => kernel))
  const settings =
    rounds === undefined
      ? { budgetMs: (1000 * seconds) / cases.length, maxRounds: defaultMaxRounds }
      : { budgetMs: Number.POSITIVE_INFINITY, maxRounds: rounds }
  const results: BenchResult[] = []
  for (const [index, [kernel, ofKernel = []]] of byKernel.entries()) {
    say(`${kernel}: ${ofKernel.length} cases (kernel ${index + 1} of ${byKernel.length})`)
    results.push(...(await measureCases(device, clock, ofKernel, settings)))
  }
  clock.destroy()
  return { formatVersion, adapter: device.adapterName, kind: device.kind, clock: clock.kind, results }
}

const clocks = {
  timestamps: "the device's timestamps around each dispatch",
  wall: "the host's clock around submit and wait",
}

const benchColumns: Column<BenchResult>[] = [
  ['kernel', ({ kernel }) => kernel],
  ['shape', ({ shape }) => shape],
  ['variant', ({ variant }) => variant ?? ''],
  ['median ms', ({ medianMs }) => significant(medianMs)],
  ['quartiles ms', one => `${significant(one.lowerQuartileMs)}–${significant(one.upperQuartileMs)}`],
  ['rounds', ({ rounds, repeats }) => `${rounds}×${repeats}`],
  ['GB/s', ({ gigabytesPerSecond }) => significant(gigabytesPerSecond)],
  ['GFLOP/s', ({ gigaflopsPerSecond: rate }) => (rate === 0 ? '' : significant(rate))],
]
const textColumns = 3

/** A report as a table for a terminal. */
export function renderBenchReport({ adapter, clock, results }: BenchReport): string {
  return `${adapter}; times by ${clocks[clock]}\n\n${renderTable(rowsOf(benchColumns, results), textColumns)}`
}
