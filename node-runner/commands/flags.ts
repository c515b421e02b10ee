import { type Command, Option } from 'commander'
import { InputError } from '../../core/input-error.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import { maximumRanks, planShards } from '../../core/parallel/plan-shards.ts'
import type { LoadFormat } from '../files/open-model.ts'
import { addDecodingFlags, type DecodingFlags } from './decoding-flags.ts'
import { integer } from './number-parsers.ts'
import { addStopFlags, type StopFlags } from './stop-flags.ts'

/** Flags of `eval` and `generate` that say how answers are made and where. */
export interface RunFlags extends DecodingFlags, StopFlags {
  model: string
  loadFormat: LoadFormat
  tp: number
  dp: number
  maxNewTokens?: number
  seed: number
  topLogprobs: number
  systemPrompt?: string
  adapter: string
  unsafeFast: boolean
  json: boolean
  quiet: boolean
}

/** Ranks of one engine at most. */
const mostRanks = 64

/** Tokens of an answer at most, where neither the flag nor generation_config.json says. */
const defaultMaxNewTokens = 2048

/** Adds the flags that `eval` and `generate` share. */
export function addRunFlags(command: Command): Command {
  const withModel = command
    .requiredOption(
      '--model <folder>',
      "a model folder in the Hub's layout, or an id of the Hub (Qwen/Qwen2.5-7B-Instruct, with @revision behind it if need be); " +
        'with dummy weights also the name of a published config (qwen2.5-7b, ...)',
    )
    .addOption(
      new Option(
        '--load-format <format>',
        "dummy: random weights from --seed, for a config's speed and memory",
      )
        .choices(['auto', 'dummy'])
        .default('auto'),
    )
    .option('--tp <n>', 'ranks of a tensor-parallel group', integer(1, maximumRanks), 1)
    .option('--dp <n>', 'data-parallel replicas of the group', integer(1, mostRanks), 1)
    .option(
      '--max-new-tokens <n>',
      `tokens of an answer at most (default: generation_config.json's max_new_tokens, else ${defaultMaxNewTokens})`,
      integer(1),
    )
  return addDecodingFlags(addStopFlags(withModel))
    .option('--seed <n>', 'seed of the sampling', integer(0, 2 ** 32 - 1), 0)
    .option('--top-logprobs <k>', 'likeliest tokens kept with every token', integer(1, 100), 5)
    .option('--system-prompt <text>', "system message before the problem (default: the chat template's own)")
    .option('--adapter <choice>', 'auto, cpu, gpu, or part of an adapter name', 'auto')
    .option('--unsafe-fast', "drop Dawn's validation and bounds checks", false)
    .addOption(new Option('--json', 'print one JSON document on standard output').default(false))
    .option('--quiet', 'no progress and no messages but errors', false)
}

/** Throws InputError for a mesh that cannot be served, before anything is started. */
export function checkMesh({ tp, dp }: RunFlags, config: ModelConfig): void {
  if (tp * dp > mostRanks)
    throw new InputError(
      `--tp ${tp} --dp ${dp}: makes ${tp * dp} ranks, expected at most ${mostRanks}; use fewer replicas`,
    )
  planShards(config, tp)
}

/** The limit on new tokens: the flag, else what the model's generation_config.json states, else a default. */
export function chooseMaxNewTokens(flags: RunFlags, stated: Record<string, unknown> | undefined): number {
  const fromModel = stated?.max_new_tokens
  const isStated = Number.isInteger(fromModel) && Number(fromModel) >= 1
  return flags.maxNewTokens ?? (isStated ? Number(fromModel) : defaultMaxNewTokens)
}
