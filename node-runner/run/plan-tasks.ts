import type { Problem } from '../../core/evaluate/problem.ts'
import {
  describePlacement,
  type PromptSettings,
  type PromptStyle,
  promptSettingsFor,
} from '../../core/evaluate/prompt.ts'
import { planSamples, type SampleTask, type Shard } from '../../core/evaluate/samples.ts'
import { type WorkedExample, workedExamples } from '../../core/evaluate/worked-examples.ts'
import type { Tokenizer } from '../../core/generate/tokenizer.ts'
import { InputError } from '../../core/input-error.ts'
import { type DataSetChoice, type OpenedDataSet, openDataSet } from '../files/open-data-set.ts'
import type { Progress } from '../terminal/progress.ts'

/** Flags that say what is asked, and how. */
export interface TaskFlags extends DataSetChoice {
  systemPrompt?: string
  promptStyle?: PromptStyle
  fewShot: number
  fewShotFile?: string
  samples: number
  limit?: number
  shard?: Shard
}

/** What a run asks. */
export interface PlannedTasks {
  dataSet: OpenedDataSet
  prompt: PromptSettings
  tasks: SampleTask[]
  /** Number of problems asked for, over all shards. */
  limit: number
}

/**
 * Reads the data set and makes its prompts. The style is the flag's, else what a known data set asks for, else plain:
 * the problem as it stands. Throws InputError.
 */
export async function planTasks(
  flags: TaskFlags,
  tokenizer: Tokenizer,
  progress: Progress,
): Promise<PlannedTasks> {
  const dataSet = await openDataSet(flags, progress)
  const { problems, known } = dataSet
  const prompt = promptSettingsFor(
    {
      style: flags.promptStyle ?? known?.promptStyle ?? 'plain',
      systemPrompt: flags.systemPrompt,
      examples: await readExamples(flags, dataSet, progress),
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
  { fewShot, fewShotFile, dataset, config, problemColumn, answerColumn }: TaskFlags,
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
