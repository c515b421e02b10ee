import { join } from 'node:path'
import {
  dataSetDigest,
  type Problem,
  type WorkedExample,
  workedExamples,
} from '../../core/evaluate/problem.ts'
import {
  describePlacement,
  type PromptSettings,
  type PromptStyle,
  promptOf,
  promptSettingsFor,
} from '../../core/evaluate/prompt.ts'
import { planSamples, pTrueFollowUp, type SampleTask, type Shard } from '../../core/evaluate/samples.ts'
import type { ByteSource } from '../../core/files/byte-source.ts'
import { readJson, settingsJson } from '../../core/files/read-json.ts'
import { describeStops, type StatedEnds } from '../../core/generate/answer-end.ts'
import { InputError } from '../../core/input-error.ts'
import { parseGenerationConfig } from '../../core/model/generation-config.ts'
import { isGgufName } from '../../core/model/gguf-files.ts'
import type { TemplateArguments } from '../../core/tokenizer/template-arguments.ts'
import type { Tokenizer } from '../../core/tokenizer/tokenizer.ts'
import { readIfOpens } from '../files/file-byte-source.ts'
import { type DataSetChoice, type OpenedDataSet, openDataSet } from '../models/open-data-set.ts'
import { locateModel, type ModelFolder, openGgufFile, statedEnds } from '../models/open-model.ts'
import { sha256Of } from '../run/read-run-files.ts'
import { type RecordedValues, recordedValues } from '../run/recorded-flags.ts'
import type { RunSettings } from '../run/run-description.ts'
import type { Progress } from '../terminal/progress.ts'
import { versions } from '../versions.ts'
import { chooseStops } from './decoding-flags.ts'
import { loadTokenizerFor, templateArgumentsOf } from './prompt-flags.ts'
import { chooseAnswering, type GradingFlags, type LeaseFlags, type RunFlags } from './run-flags.ts'

/** Flags of `entrace eval`. */
export interface EvalFlags extends RunFlags, RecordedValues, DataSetChoice, GradingFlags, LeaseFlags {
  out: string
  promptStyle?: PromptStyle
  fewShot: number
  fewShotFile?: string
  limit?: number
  shard?: Shard
  maxConcurrent: number
  /** Print the first prompt, and do nothing else. */
  showPrompt: boolean
}

/**
 * What is known of a run before the weights are read. `problemIds` are those of the problems asked for, by their places, null where
 * each is its place; `shard` is as "2/8", null of a whole run.
 */
export type PlannedRun = Awaited<ReturnType<typeof planRun>>

/** Reads the data set and the tokenizer and says what is to be run. Throws InputError. */
export async function planRun(flags: EvalFlags, folder: ModelFolder, progress: Progress) {
  const files: Record<string, string> = {}
  const keepDigest = async (name: string, source: ByteSource) => {
    files[name] = sha256Of(new Uint8Array(await source.slice(0)))
  }
  // A published config, for dummy weights, has no file.
  await readIfOpens(join(folder.path, 'config.json'), source => keepDigest('config.json', source))
  const tokenizer = await loadTokenizerFor(flags, folder.path, progress, { onFile: keepDigest })
  const answering = chooseAnswering(flags, folder, tokenizer, progress)
  const { decoding, sources, stopIds, stops, maxNewTokens } = answering
  if (flags.pTrue && decoding.numBeams > 1)
    throw new InputError('--p-true: is not served after beam search; use --num-beams 1, or leave it out')
  if (flags.samples > 1 && decoding.temperature === 0)
    throw new InputError(
      `--samples ${flags.samples}: at temperature 0 all answers to a problem are the same; add --temperature X, or leave it out`,
    )
  const { dataSet, prompt, tasks: plannedTasks, limit } = await planTasks(flags, tokenizer, progress)
  const { problems, name, revision, config, split } = dataSet
  const source = { name, revision, config, split }
  // In the order in which run.json has had them.
  const { seed, samples, topLogprobs, ...others } = recordedValues('decoding', flags)
  const settings: RunSettings = {
    model: {
      name: folder.name,
      revision: folder.revision,
      weightDigest: '',
      ...(folder.file !== undefined && { file: folder.file }),
      dtypes: [...new Set([...folder.weights.values()].map(entry => entry.dtype))].sort(),
      files,
    },
    dataSet: { ...source, digest: await dataSetDigest(problems), problems: problems.length },
    prompt: {
      style: prompt.style ?? 'plain',
      systemPrompt: flags.systemPrompt ?? null,
      fewShot: flags.fewShot,
      ...(prompt.systemInUserMessage && { systemInUserMessage: true }),
      ...recordedValues('prompt', flags),
      ...givenArguments(flags),
      digest: sha256Of(promptOf('problem', prompt, tokenizer).prompt),
      ...(!prompt.raw && { chatTemplateDigest: templateDigest(tokenizer) }),
    },
    decoding: {
      maxNewTokens,
      stopIds,
      ...(stops.texts.length > 0 && { stopTexts: stops.texts }),
      ...decoding,
      seed,
      samples,
      topLogprobs,
      sources,
      ...others,
    },
    mesh: recordedValues('mesh', flags),
    adapters: [],
    unsafeFast: flags.unsafeFast,
    versions: versions(),
  }
  const tasks: SampleTask[] = flags.pTrue
    ? plannedTasks.map(task => ({ ...task, followUp: pTrueFollowUp(task.problem.problem, tokenizer) }))
    : plannedTasks
  const shard = flags.shard ? `${flags.shard.index}/${flags.shard.count}` : null
  const ids = problems.slice(0, limit).map(({ id }) => id)
  const problemIds = ids.every((id, place) => id === String(place)) ? null : ids
  return { flags, folder, tokenizer, dataSet, tasks, limit, problemIds, shard, settings, answering }
}

/** The arguments of the chat template, where there are any. */
function givenArguments(flags: EvalFlags): { templateArguments?: TemplateArguments } {
  const templateArguments = templateArgumentsOf(flags)
  return Object.keys(templateArguments).length > 0 ? { templateArguments } : {}
}

/** Digest of how the template renders a fixed conversation: what any change to it would change. */
function templateDigest(tokenizer: Tokenizer): string {
  const system = { role: 'system', content: 'system' } as const
  const user = { role: 'user', content: 'user' } as const
  return sha256Of(tokenizer.renderChat(tokenizer.takesSystemMessage() ? [system, user] : [user]))
}

/**
 * Reads the data set and makes its prompts. The style is the flag's, else what a known data set asks for, else plain:
 * the problem as it stands. `limit` is the number of problems asked for, over all shards. Throws InputError.
 */
async function planTasks(flags: EvalFlags, tokenizer: Tokenizer, progress: Progress) {
  const dataSet = await openDataSet(flags, progress)
  const { problems, known } = dataSet
  const examples = await readExamples(flags, dataSet, progress)
  const prompt: PromptSettings = flags.raw
    ? { raw: true, style: 'plain', examples }
    : promptSettingsFor(
        {
          style: flags.promptStyle ?? known?.promptStyle ?? 'plain',
          systemPrompt: flags.systemPrompt,
          examples,
        },
        tokenizer,
      )
  const placement = describePlacement(prompt)
  if (placement !== null) progress.say(placement)
  const limit = Math.min(flags.limit ?? problems.length, problems.length)
  const { samples, shard } = flags
  const tasks = planSamples(problems.slice(0, limit), tokenizer, { prompt, samples, shard: shard ?? null })
  if (tasks.length === 0)
    throw new InputError(
      `--shard ${shard?.index}/${shard?.count}: has none of ${limit} problems; use at most ${limit} shards`,
    )
  return { dataSet, prompt, tasks, limit }
}

/** Which columns of a data set were used and which were left, and what answer a problem expects: a line each. */
export function describeDataSet({ columns }: OpenedDataSet, { id, expectedAnswer }: Problem): string[] {
  const { used, optionsNamed, left, unread } = columns
  const named = Object.entries(used)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} from ${names.join(' and ')}`)
  const others = left.map(name => (name in unread ? `${name} (${unread[name]})` : name))
  return [
    `columns used: ${named.join(', ')}${optionsNamed === null ? '' : `; options are named ${optionsNamed}`}`,
    `columns left: ${others.length === 0 ? 'none' : others.join(', ')}`,
    `problem ${id} expects: ${expectedAnswer}`,
  ]
}

/** The examples that a run shows: from a file, or the first of the same data set's train split. */
async function readExamples(
  { fewShot, fewShotFile, dataset, config, problemColumn, answerColumn }: EvalFlags,
  { problems, revision, split }: OpenedDataSet,
  progress: Progress,
): Promise<WorkedExample[]> {
  if (fewShot === 0) {
    if (fewShotFile === undefined) return []
    throw new InputError(
      `--few-shot-file ${fewShotFile}: expected --few-shot N, the number of its examples to show`,
    )
  }
  if (fewShotFile === undefined && (revision === null || split === 'train'))
    throw new InputError(
      `--few-shot ${fewShot}: ${dataset} has no train split beside the problems asked; name a file of examples with --few-shot-file`,
    )
  const choice = fewShotFile === undefined ? { dataset, config, split: 'train' } : { dataset: fewShotFile }
  const columns = { problemColumn, answerColumn, isNamedForAnother: true }
  const examples = await openDataSet({ ...choice, ...columns }, progress)
  return workedExamples(choice.dataset, examples.problems, fewShot, problems)
}

/**
 * Prints the first problem's prompt as the model gets it, says what is expected and which columns that is from, and starts nothing.
 * Returns the exit code.
 */
export async function showPrompt(flags: EvalFlags, progress: Progress): Promise<number> {
  const { path } = await locateModel(flags.model, 'prompts', progress)
  const tokenizer = await loadTokenizerFor(flags, path, progress)
  const { tasks, prompt, dataSet } = await planTasks({ ...flags, samples: 1 }, tokenizer, progress)
  const [task] = tasks
  if (!task) throw new InputError(`${flags.dataset}: has no problem to show`)
  const promptTokens = task.promptIds.length
  const stops = chooseStops(flags, {
    stated: await endsStatedAt(path),
    tokenizer,
    usesTemplate: !flags.raw,
    vocabSize: null,
  })
  if (flags.json) {
    const { style = null, systemInUserMessage = false } = prompt
    const { id: problemId, expectedAnswer } = task.problem
    const { raw } = flags
    const made = { style, systemInUserMessage, raw, ...givenArguments(flags) }
    const asked = { problemId, ...made, promptTokens, prompt: task.prompt }
    console.log(JSON.stringify({ ...asked, expectedAnswer, columns: dataSet.columns, stops }, null, 2))
    return 0
  }
  console.log(task.prompt)
  for (const line of describeDataSet(dataSet, task.problem)) progress.say(line)
  const [begin = -1] = flags.raw ? tokenizer.encodeRaw('') : []
  const how = flags.raw
    ? `raw${begin < 0 ? '' : `, the first of them ${tokenizer.tokenText(begin)}, which the tokenizer puts before it`}`
    : `style ${prompt.style}`
  progress.say(`${promptTokens} tokens, problem ${task.problem.id}, ${how}`)
  progress.say(describeStops(stops))
  return 0
}

/** What a model's own files say of where its answers end; its weights need not be there. */
async function endsStatedAt(path: string): Promise<StatedEnds> {
  if (!isGgufName(path))
    return {
      config: await statedIn(path, 'config.json'),
      generationConfig: await statedIn(path, 'generation_config.json'),
    }
  const model = await openGgufFile(path)
  await model.close()
  return statedEnds(model)
}

/** The eos_token_id of one of a model's configs; null where there is no such file, or it does not say. */
function statedIn(folder: string, name: string): Promise<number[] | null> {
  return readIfOpens(
    join(folder, name),
    async source => parseGenerationConfig(await readJson(source, settingsJson), source.name).eosTokenIds,
  )
}
