import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dataSetDigest } from '../../core/evaluate/data-set-digest.ts'
import { pTrueFollowUp } from '../../core/evaluate/p-true.ts'
import { promptMessages } from '../../core/evaluate/prompt.ts'
import type { SampleTask } from '../../core/evaluate/samples.ts'
import type { ByteSource } from '../../core/formats/byte-source.ts'
import type { Decoding } from '../../core/generate/decoding.ts'
import type { Stops } from '../../core/generate/stops.ts'
import type { Tokenizer } from '../../core/generate/tokenizer.ts'
import { InputError } from '../../core/input-error.ts'
import { decodingOf } from '../commands/decoding-flags.ts'
import { chooseMaxNewTokens, type RunFlags } from '../commands/flags.ts'
import type { GradingFlags } from '../commands/grading-flags.ts'
import type { LeaseFlags } from '../commands/lease-flags.ts'
import { chooseStops } from '../commands/stop-flags.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import { type ModelFolder, statedEnds } from '../files/open-model-folder.ts'
import type { Progress } from '../terminal/progress.ts'
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts'
import { versions } from '../versions.ts'
import { type PlannedTasks, planTasks, type TaskFlags } from './plan-tasks.ts'
import type { RunSettings } from './run-description.ts'

/** Flags of `entrace eval`. */
export interface EvalFlags extends RunFlags, TaskFlags, GradingFlags, LeaseFlags {
  out: string
  maxConcurrent: number
  /** Print the first prompt, and do nothing else. */
  showPrompt: boolean
  /** Ask the model after each answer whether it is true. */
  pTrue: boolean
}

/** What is known of a run before the weights are read. */
export interface PlannedRun {
  flags: EvalFlags
  folder: ModelFolder
  tokenizer: Tokenizer
  dataSet: PlannedTasks['dataSet']
  tasks: SampleTask[]
  limit: number
  /** Ids of the problems asked for, by their places; null where each is its place. */
  problemIds: readonly string[] | null
  /** As "2/8"; null of a whole run. */
  shard: string | null
  settings: RunSettings
  decoding: Decoding
  stops: Stops
}

/** Reads the data set and the tokenizer and says what is to be run. Throws InputError. */
export async function planRun(
  flags: EvalFlags,
  folder: ModelFolder,
  progress: Progress,
): Promise<PlannedRun> {
  const files: Record<string, string> = {}
  const keepDigest = async (name: string, source: ByteSource) => {
    files[name] = digestOf(new Uint8Array(await source.slice(0)))
  }
  await readConfigFile(folder.path, keepDigest)
  const tokenizer = await loadTokenizer(folder.path, keepDigest)
  const { decoding, sources } = decodingOf(flags, folder, message => progress.say(message))
  const stops = chooseStops(flags, {
    stated: statedEnds(folder),
    tokenizer,
    usesTemplate: true,
    vocabSize: folder.config.vocabSize,
  })
  if (flags.pTrue && decoding.numBeams > 1)
    throw new InputError('--p-true: is not served after beam search; use --num-beams 1, or leave it out')
  if (flags.samples > 1 && decoding.temperature === 0)
    throw new InputError(
      `--samples ${flags.samples}: at temperature 0 all answers to a problem are the same; add --temperature X, or leave it out`,
    )
  const { dataSet, prompt, tasks: plannedTasks, limit } = await planTasks(flags, tokenizer, progress)
  const { problems, name, revision, config, split } = dataSet
  const settings: RunSettings = {
    model: {
      name: folder.name,
      revision: folder.revision,
      weightDigest: '',
      dtypes: [...new Set([...folder.weights.values()].map(entry => entry.dtype))].sort(),
      files,
    },
    dataSet: {
      name,
      revision,
      config,
      split,
      digest: await dataSetDigest(problems),
      problems: problems.length,
    },
    prompt: {
      style: prompt.style ?? 'plain',
      systemPrompt: flags.systemPrompt ?? null,
      fewShot: flags.fewShot,
      ...(prompt.systemInUserMessage && { systemInUserMessage: true }),
      digest: digestOf(tokenizer.renderChat(promptMessages('problem', prompt))),
      chatTemplateDigest: templateDigest(tokenizer),
    },
    decoding: {
      maxNewTokens: chooseMaxNewTokens(flags, folder.generationConfig?.stated),
      stopIds: stops.tokens.map(({ id }) => id),
      ...(stops.texts.length > 0 && { stopTexts: stops.texts }),
      ...decoding,
      seed: flags.seed,
      samples: flags.samples,
      topLogprobs: flags.topLogprobs,
      sources,
      pTrue: flags.pTrue,
    },
    mesh: { tp: flags.tp, dp: flags.dp },
    adapters: [],
    unsafeFast: flags.unsafeFast,
    versions: versions(),
  }
  const tasks = flags.pTrue
    ? plannedTasks.map(task => ({ ...task, followUp: pTrueFollowUp(task.problem.problem, tokenizer) }))
    : plannedTasks
  const shard = flags.shard ? `${flags.shard.index}/${flags.shard.count}` : null
  const ids = problems.slice(0, limit).map(({ id }) => id)
  const problemIds = ids.every((id, place) => id === String(place)) ? null : ids
  return { flags, folder, tokenizer, dataSet, tasks, limit, problemIds, shard, settings, decoding, stops }
}

/** Digest of how the template renders a fixed conversation: what any change to it would change. */
function templateDigest(tokenizer: Tokenizer): string {
  const system = { role: 'system', content: 'system' } as const
  const user = { role: 'user', content: 'user' } as const
  return digestOf(tokenizer.renderChat(tokenizer.takesSystemMessage() ? [system, user] : [user]))
}

/** Hands config.json over where there is one: a published config, for dummy weights, has no file. */
async function readConfigFile(
  folder: string,
  onFile: (name: string, source: ByteSource) => Promise<void>,
): Promise<void> {
  const name = 'config.json'
  if (!existsSync(join(folder, name))) return
  const source = await openFileByteSource(join(folder, name))
  try {
    await onFile(name, source)
  } finally {
    await source.close()
  }
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
