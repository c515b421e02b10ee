import { join } from 'node:path'
import { Command, Option } from 'commander'
import { InputError } from '../../core/input-error.ts'
import { typesOf } from '../../core/model/checkpoint.ts'
import { maximumRanks, planShards } from '../../core/parallel/plan-shards.ts'
import { acceptanceReport } from '../acceptance/acceptance-report.ts'
import {
  type AcceptanceBounds,
  type AcceptanceFlags,
  acceptanceBounds,
  acceptancePrompts,
} from '../acceptance/acceptance-request.ts'
import { acceptanceMarkdown, renderAcceptance } from '../acceptance/render-acceptance.ts'
import { adapterHelp } from '../adapter/adapter-choice.ts'
import { makeFolder } from '../files/folders.ts'
import { writeFileAtomic } from '../files/write-file-atomic.ts'
import { openModel } from '../models/open-model.ts'
import { interruptSignal } from '../terminal/end-signals.ts'
import { createProgress } from '../terminal/progress.ts'
import { printReport } from '../terminal/report.ts'
import { integer } from './number-parsers.ts'

interface Flags extends AcceptanceFlags {
  out?: string
  json: boolean
  quiet: boolean
}

/** `entrace acceptance`: exit code 0 where all checks hold, 1 where one failed. */
export function acceptanceCommand(): Command {
  return new Command('acceptance')
    .description('check kernels, ranks, memory and speed of a model on the adapters at hand; one report')
    .requiredOption(
      '--model <folder>',
      "a model folder in the Hub's layout, a file in GGUF, or an id of the Hub; with dummy weights also the name of a published config (qwen2.5-7b, ...)",
    )
    .addOption(
      new Option('--load-format <format>', 'dummy: random weights, for a config without its weights')
        .choices(['auto', 'dummy'])
        .default('auto'),
    )
    .option('--tp <n>', 'ranks of a tensor-parallel group', integer(1, maximumRanks), 1)
    .option('--out <folder>', 'write acceptance.json and acceptance.md there')
    .option('--seconds <n>', "time for the kernels' checks", integer(1), 60)
    .option('--concurrency <n>', 'sequences at once, of the speed', integer(1, 4096), 16)
    .option('--max-new-tokens <n>', 'tokens of every answer', integer(2), 32)
    .option('--adapter <choice>', adapterHelp, 'auto')
    .addOption(new Option('--json', 'print the report as one JSON document').default(false))
    .option('--quiet', 'no progress', false)
    .action(async (flags: Flags) => {
      process.exitCode = await runAcceptance(flags)
    })
}

/** Runs the command; returns its exit code. */
export async function runAcceptance(
  flags: Flags,
  bounds: AcceptanceBounds = acceptanceBounds,
): Promise<number> {
  const { model, loadFormat, tp } = flags
  const progress = createProgress(flags.quiet)
  const folder = await openModel(model, loadFormat, progress)
  await folder.close()
  const { config } = folder
  planShards(config, tp)
  const prompts = await acceptancePrompts(folder.path, config)
  const longest = Math.max(...prompts.map(ids => ids.length))
  if (longest + 2 > config.maxPositionEmbeddings)
    throw new InputError(
      `acceptance: ${model} takes ${config.maxPositionEmbeddings} tokens, the prompts have ${longest}; expected a longer context`,
    )
  const interrupt = interruptSignal()
  try {
    const report = await acceptanceReport({
      ...flags,
      model: folder.path,
      config,
      weightTypes: typesOf(config, loadFormat === 'dummy' ? null : folder.weights),
      prompts,
      bounds,
      signal: interrupt.signal,
      say: line => progress.say(`acceptance: ${line}`),
    })
    if (flags.out !== undefined) {
      makeFolder(flags.out)
      writeFileAtomic(join(flags.out, 'acceptance.json'), [`${JSON.stringify(report, null, 2)}\n`])
      writeFileAtomic(join(flags.out, 'acceptance.md'), [acceptanceMarkdown(report)])
    }
    printReport(report, flags.json, renderAcceptance)
    return report.passed ? 0 : 1
  } catch (error) {
    if (interrupt.signal.aborted) return 130
    throw error
  } finally {
    interrupt.release()
  }
}
