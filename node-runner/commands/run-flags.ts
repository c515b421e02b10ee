import { type Command, InvalidArgumentError, Option } from 'commander'
import { beamsOf, decodingLimits, samplingOf } from '../../core/generate/decoding.ts'
import { type GradingRules, gradingSettings } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import { adapterHelp } from '../adapter/adapter-choice.ts'
import type { EngineJob } from '../engine/messages.ts'
import { type LoadFormat, type ModelFolder, statedEnds } from '../models/open-model.ts'
import {
  mostRanks,
  type RecordedFlag,
  type RecordedName,
  type RecordedValues,
  recordedFlags,
} from '../run/recorded-flags.ts'
import { defaultLeaseTimes, type LeaseOptions } from '../run/run-lease.ts'
import type { Progress } from '../terminal/progress.ts'
import {
  addDecodingFlags,
  addStopFlags,
  chooseStops,
  type DecodingFlags,
  decodingOf,
  eachOf,
  type StopFlags,
} from './decoding-flags.ts'
import { integer, numberWhere } from './number-parsers.ts'
import type { PromptFlags } from './prompt-flags.ts'

/** Flags of `eval` and `generate` that say how answers are made and where. */
export interface RunFlags
  extends DecodingFlags,
    StopFlags,
    PromptFlags,
    Pick<RecordedValues, 'tp' | 'dp' | 'seed' | 'topLogprobs' | 'promptLogprobs'> {
  model: string
  loadFormat: LoadFormat
  maxNewTokens?: number
  adapter: string
  unsafeFast: boolean
  json: boolean
  quiet: boolean
}

/** Rows of prompts that are scored at once: their logits take 64 MiB of the largest vocabularies, of 262,144 tokens. */
const promptRows = 64

/** Tokens of an answer at most, where neither the flag nor generation_config.json says. */
const defaultMaxNewTokens = 2048

/** Adds the flags that `eval` and `generate` share. */
export function addRunFlags(command: Command): Command {
  const withModel = command
    .requiredOption(
      '--model <folder>',
      "a model folder in the Hub's layout, a file in GGUF, or an id of the Hub (Qwen/Qwen2.5-7B-Instruct, with @revision behind it if need be; " +
        'of a repository in GGUF with the type, as owner/name-GGUF:Q4_K_M); ' +
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
  const withLimit = addRecordedFlags(withModel, ['tp', 'dp']).option(
    '--max-new-tokens <n>',
    `tokens of an answer at most (default: generation_config.json's max_new_tokens, else ${defaultMaxNewTokens})`,
    integer(1),
  )
  const withDecoding = addDecodingFlags(addStopFlags(withLimit))
  const withPrompt = addRecordedFlags(withDecoding, ['seed', 'topLogprobs', 'promptLogprobs'])
    .option('--system-prompt <text>', "system message before the problem (default: the chat template's own)")
    .option(
      '--template-arg <name=value>',
      'a variable for the chat template, as enable_thinking=false: JSON, or else a text; may be given several times',
      eachOf,
      [],
    )
  return addRecordedFlags(withPrompt, ['raw'])
    .option('--adapter <choice>', adapterHelp, 'auto')
    .option('--unsafe-fast', "drop Dawn's validation and bounds checks", false)
    .addOption(new Option('--json', 'print one JSON document on standard output').default(false))
    .option('--quiet', 'no progress and no messages but errors', false)
}

/** Adds flags that a run records, by their names in the table; without names those that the command lacks. */
export function addRecordedFlags(
  command: Command,
  names = Object.keys(recordedFlags) as RecordedName[],
): Command {
  const has = (name: string) => command.options.some(option => option.attributeName() === name)
  for (const name of names.filter(each => !has(each))) {
    const { flag, help, bounds, default: value }: RecordedFlag = recordedFlags[name]
    if (bounds) command.option(flag, help, integer(...bounds), Number(value))
    else command.option(flag, help, Boolean(value))
  }
  return command
}

/** Throws InputError for a mesh that cannot be served, before anything is started. */
export function checkMesh({ tp, dp }: RunFlags, config: ModelConfig): void {
  if (tp * dp > mostRanks)
    throw new InputError(
      `--tp ${tp} --dp ${dp}: makes ${tp * dp} ranks, expected at most ${mostRanks}; use fewer replicas`,
    )
  planShards(config, tp)
}

/** How a model answers: as flags say, and where they leave it open as its own files do. */
type Answering = ReturnType<typeof chooseAnswering>

/** Chooses how a model answers; without --raw and --prompt-ids its prompts are of the chat template. Throws InputError. */
export function chooseAnswering(
  flags: RunFlags & { promptIds?: unknown },
  folder: ModelFolder,
  tokenizer: (Tokenizer & TokenizerEnds) | null,
  progress: Progress,
) {
  const chosen = decodingOf(flags, folder, message => progress.say(message))
  const stops = chooseStops(flags, {
    stated: statedEnds(folder),
    tokenizer,
    usesTemplate: flags.promptIds === undefined && !flags.raw,
    vocabSize: folder.config.vocabSize,
  })
  const maxNewTokens = chooseMaxNewTokens(flags, folder.generationConfig?.stated)
  return { ...chosen, stops, stopIds: stops.tokens.map(({ id }) => id), maxNewTokens }
}

/** The limit on new tokens: the flag, else what the model's generation_config.json states, else a default. */
export function chooseMaxNewTokens(flags: RunFlags, stated: Record<string, unknown> | undefined): number {
  const fromModel = stated?.max_new_tokens
  const isStated = Number.isInteger(fromModel) && Number(fromModel) >= 1
  return flags.maxNewTokens ?? (isStated ? Number(fromModel) : defaultMaxNewTokens)
}

/** What an engine is to do by flags: to answer in so many sequences at once, of so many tokens with their prompts. */
export function engineJob(
  flags: RunFlags,
  { path, config }: ModelFolder,
  { decoding, stops, stopIds, maxNewTokens }: Answering,
  { sequences, capacity, dp }: { sequences: number; capacity: number; dp: number },
): EngineJob {
  const { loadFormat, adapter, unsafeFast, tp, topLogprobs, seed, promptLogprobs } = flags
  return {
    model: path,
    loadFormat,
    adapter,
    unsafeFast,
    mesh: { tp, dp },
    room: {
      ...decodingLimits(sequences, topLogprobs, { ...decoding, stopIds }, config.vocabSize),
      capacity,
      ...(promptLogprobs && { promptRows }),
    },
    maxNewTokens,
    stopIds,
    stopTexts: stops.texts,
    sampling: samplingOf(decoding, seed),
    beams: beamsOf(decoding),
    topLogprobs,
    streamTokens: false,
  }
}

/** Flags that say how answers are graded; what is not given is the run's own, else the default. */
export type GradingFlags = Partial<GradingRules>

/** Adds the flags that say how answers are graded. `otherwise` is what holds without one, where it is not the default. */
export function addGradingFlags(command: Command, otherwise?: string): Command {
  for (const { flag, help, bounds, read, isValue, ...setting } of Object.values(gradingSettings))
    command.option(flag, `${help} (default: ${otherwise ?? setting.default})`, (text: string) => {
      const value = read(text)
      if (!isValue(value)) throw new InvalidArgumentError(`expected ${bounds}, found "${text}".`)
      return value
    })
  return command
}

/** Flags of the commands that write to a run's folder, in seconds. */
export interface LeaseFlags {
  leaseBeat?: number
  leaseSilence?: number
}

const seconds = () => numberWhere(value => value > 0 && value <= 3600, 'above 0, at most 3600')

/** Adds the flags that say when a run counts as left by who wrote to it. */
export function addLeaseFlags(command: Command): Command {
  const { beatMs, silenceMs } = defaultLeaseTimes
  return command
    .option(
      '--lease-beat <seconds>',
      `how often a sign of life is written to the folder (default: ${beatMs / 1000})`,
      seconds(),
    )
    .option(
      '--lease-silence <seconds>',
      `how long whoever writes to the folder must be silent until the run is taken over (default: ${silenceMs / 1000})`,
      seconds(),
    )
}

/** How a lease is taken by these flags. Throws InputError where a living holder would count as silent. */
export function leaseOptionsOf(flags: LeaseFlags & { quiet: boolean }): LeaseOptions {
  const { leaseBeat = defaultLeaseTimes.beatMs / 1000, quiet } = flags
  const { leaseSilence = defaultLeaseTimes.silenceMs / 1000 } = flags
  const [beatMs, silenceMs] = [leaseBeat * 1000, leaseSilence * 1000]
  if (silenceMs < 3 * beatMs)
    throw new InputError(
      `--lease-silence ${silenceMs / 1000}: expected 3 times --lease-beat (${beatMs / 1000}) at least, since a beat may come late`,
    )
  return { times: { beatMs, silenceMs }, say: message => quiet || console.error(message) }
}
