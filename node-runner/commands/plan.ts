import { Command, Option } from 'commander'
import { InputError } from '../../core/input-error.ts'
import { typesOf } from '../../core/model/checkpoint.ts'
import type { Hardware } from '../../core/model/cost-model.ts'
import { publishedConfigNames } from '../../core/model/published-configs.ts'
import { maximumRanks } from '../../core/parallel/plan-shards.ts'
import { adapterHelp } from '../adapter/adapter-choice.ts'
import { measureHardware } from '../measure/run-measurement.ts'
import { readModelHeader } from '../models/open-model.ts'
import { createProgress } from '../terminal/progress.ts'
import { printReport } from '../terminal/report.ts'
import { integer, number } from './number-parsers.ts'
import { planReport, renderPlan, renderVerdict } from './plan-report.ts'

interface PlanFlags {
  model: string
  adapters: number
  tp?: number
  memory?: number
  bandwidth?: number
  compute?: number
  latency?: number
  link?: number
  dispatch?: number
  concurrency: number
  context?: number
  measure: boolean
  adapter: string
  json: boolean
  quiet: boolean
}

const defaultContext = 1024

/** `entrace plan`: memory and predicted time of every mesh of some adapters; runs nothing but, when asked, measurements. */
export function planCommand(): Command {
  const positive = number(1e-9, 1e9)
  return new Command('plan')
    .description('predict memory and time of every mesh of adapters, and say which is best')
    .requiredOption(
      '--model <model>',
      `a model folder, a file in GGUF, an id of the Hub, or one of ${publishedConfigNames.join(', ')}`,
    )
    .option('--adapters <n>', 'adapters to spread over', integer(1, 1024), 8)
    .option('--tp <n>', 'also show what each rank of so many holds', integer(1, maximumRanks))
    .option('--memory <GB>', "an adapter's memory", positive)
    .option('--bandwidth <TB/s>', "of an adapter's memory", positive)
    .option('--compute <TFLOP/s>', "an adapter's f32 arithmetic", positive)
    .option('--latency <µs>', 'of a synchronisation of the ranks, beside its bytes', number(0, 1e9))
    .option('--link <GB/s>', 'between an adapter and the host', positive)
    .option('--dispatch <µs>', 'of a dispatch, beside its work', number(0, 1e9))
    .option('--concurrency <n>', 'sequences at once, over all replicas', integer(1, 1_000_000), 64)
    .option(
      '--context <tokens>',
      `length of every sequence (default: ${defaultContext}, or the model's longest)`,
      integer(1),
    )
    .option('--measure', 'measure what is not given on the adapters at hand: about ten seconds', false)
    .option('--adapter <choice>', `to measure on: ${adapterHelp}`, 'auto')
    .addOption(new Option('--json', 'print one JSON document').default(false))
    .option('--quiet', 'print only what is best', false)
    .action(async (flags: PlanFlags) => {
      const { config, entries } = await readModelHeader(flags.model, createProgress(flags.quiet))
      const longest = config.maxPositionEmbeddings
      if (flags.context !== undefined && flags.context > longest)
        throw new InputError(
          `--context ${flags.context}: ${flags.model} takes at most ${longest} tokens; choose a shorter one`,
        )
      const measured = flags.measure
        ? await measureHardware(flags.adapter, Math.min(flags.tp ?? flags.adapters, maximumRanks), config)
        : {}
      const report = planReport(flags.model, config, typesOf(config, entries), {
        adapters: flags.adapters,
        tp: flags.tp ?? null,
        workload: {
          concurrency: flags.concurrency,
          contextTokens: flags.context ?? Math.min(defaultContext, longest),
        },
        given: givenHardware(flags),
        measured,
      })
      printReport(report, flags.json, flags.quiet ? renderVerdict : renderPlan)
    })
}

function givenHardware(flags: PlanFlags): Partial<Hardware> {
  return {
    ...(flags.memory !== undefined && { memoryBytes: flags.memory * 1e9 }),
    ...(flags.bandwidth !== undefined && { bandwidthBytesPerSecond: flags.bandwidth * 1e12 }),
    ...(flags.compute !== undefined && { flopsPerSecond: flags.compute * 1e12 }),
    ...(flags.latency !== undefined && { latencySeconds: flags.latency / 1e6 }),
    ...(flags.link !== undefined && { linkBytesPerSecond: flags.link * 1e9 }),
    ...(flags.dispatch !== undefined && { dispatchSeconds: flags.dispatch / 1e6 }),
  }
}
