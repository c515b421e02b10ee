import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { dataSetDigest } from '../../core/evaluate/data-set-digest.ts'
import { readDataSet } from '../../core/evaluate/read-data-set.ts'
import { planSamples, type SampleTask } from '../../core/evaluate/samples.ts'
import type { Tokenizer } from '../../core/generate/tokenizer.ts'
import { InputError } from '../../core/input-error.ts'
import { chooseMaxNewTokens, type RunFlags } from '../commands/flags.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import type { ModelFolder } from '../files/open-model-folder.ts'
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts'
import { versions } from '../versions.ts'
import type { RunSettings } from './run-description.ts'

/** Flags of `entrace eval`. */
export interface EvalFlags extends RunFlags {
  dataset: string
  out: string
  maxConcurrent: number
  samples: number
  limit?: number
  problemColumn?: string
  answerColumn?: string
}

/** What is known of a run before the weights are read. */
export interface PlannedRun {
  flags: EvalFlags
  folder: ModelFolder
  tokenizer: Tokenizer
  tasks: SampleTask[]
  limit: number
  settings: RunSettings
}

/** Reads the data set and the tokenizer and says what is to be run. Throws InputError. */
export async function planRun(flags: EvalFlags, folder: ModelFolder): Promise<PlannedRun> {
  const tokenizer = await loadTokenizer(flags.model)
  const source = await openFileByteSource(flags.dataset).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof InputError) throw error
    const reason = error.code === 'ENOENT' ? 'no such file' : `cannot be opened (${error.code})`
    throw new InputError(
      `${flags.dataset}: ${reason}; expected a data set (.jsonl, .json, .csv or .parquet), check --dataset`,
    )
  })
  const columns = { problemColumn: flags.problemColumn, answerColumn: flags.answerColumn }
  const problems = await readDataSet(source, columns).finally(() => source.close())
  const limit = Math.min(flags.limit ?? problems.length, problems.length)
  const { systemPrompt, samples } = flags
  const tasks = planSamples(problems.slice(0, limit), tokenizer, { systemPrompt, samples })
  const settings: RunSettings = {
    model: {
      name: basename(folder.path),
      weightDigest: '',
      dtypes: [...new Set([...folder.weights.values()].map(entry => entry.dtype))].sort(),
    },
    dataSet: {
      name: basename(flags.dataset),
      digest: await dataSetDigest(problems),
      problems: problems.length,
    },
    prompt: { systemPrompt: systemPrompt ?? null, chatTemplateDigest: templateDigest(tokenizer) },
    decoding: {
      maxNewTokens: chooseMaxNewTokens(flags, folder.generationConfig?.stated),
      stopIds: folder.eosTokenIds,
      temperature: flags.temperature,
      seed: flags.seed,
      samples,
      topLogprobs: flags.topLogprobs,
    },
    mesh: { tp: flags.tp, dp: flags.dp },
    adapters: [],
    unsafeFast: flags.unsafeFast,
    versions: versions(),
  }
  return { flags, folder, tokenizer, tasks, limit, settings }
}

/** Digest of how the template renders a fixed conversation: what any change to it would change. */
function templateDigest(tokenizer: Tokenizer): string {
  const rendered = tokenizer.renderChat([
    { role: 'system', content: 'system' },
    { role: 'user', content: 'user' },
  ])
  return createHash('sha256').update(rendered).digest('hex')
}
