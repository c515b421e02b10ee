import { promptMessages } from '../../core/evaluate/prompt.ts'
import type { Generation } from '../../core/generate/generate.ts'
import { InputError } from '../../core/input-error.ts'
import type { typesOf } from '../../core/model/checkpoint.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import type { ModelLimits } from '../../core/model/language-model.ts'
import type { AdapterChoice } from '../adapter/adapter-choice.ts'
import type { LoadedEngine } from '../engine/messages.ts'
import { superviseEngine } from '../engine/supervise-engine.ts'
import type { LoadFormat } from '../models/open-model.ts'

/** What is asked about a model and a machine. */
export interface AcceptanceFlags {
  /** Its folder, once it is found. */
  model: string
  loadFormat: LoadFormat
  adapter: AdapterChoice
  tp: number
  /** Sequences at once, of the speed. */
  concurrency: number
  maxNewTokens: number
  /** For the kernels' checks. */
  seconds: number
}

/** What is to be accepted, and how much time it may take. */
export interface AcceptanceRequest extends AcceptanceFlags {
  config: ModelConfig
  weightTypes: ReturnType<typeof typesOf>
  /** Of the agreement of meshes. */
  prompts: readonly (readonly number[])[]
  bounds: AcceptanceBounds
  signal: AbortSignal
  say: (line: string) => void
}

/** How far things may be apart. */
export const acceptanceBounds = {
  /** A token may differ where the baseline's margin (p1 − p2) is no larger. */
  margin: 1e-3,
  /** Between two meshes' entropies of a token, in nats. */
  entropyNats: 1e-4,
  /** A device's buffers against what is planned for its rank: a share, beside a fixed allowance for the small ones. */
  memoryShare: 0.05,
  memoryBytes: 4 * 2 ** 20,
}
export type AcceptanceBounds = typeof acceptanceBounds

/**
 * Has prompts answered greedily and to the limit by an engine as users run it. An engine that fails is not started again:
 * here that is a finding. Throws what the engine met.
 */
export async function runTasks(
  { model, loadFormat, adapter, signal }: AcceptanceRequest,
  tp: number,
  room: ModelLimits,
  prompts: readonly (readonly number[])[],
  maxNewTokens: number,
) {
  const startedMs = performance.now()
  let loaded = null as LoadedEngine | null
  let loadMs = 0
  const answers: Generation[] = []
  const arrivedMs: number[] = []
  const finished = await superviseEngine(
    {
      model,
      loadFormat,
      adapter,
      unsafeFast: false,
      mesh: { tp, dp: 1 },
      room,
      maxNewTokens,
      stopIds: [],
      sampling: { temperature: 0, seed: 0 },
      topLogprobs: room.topK,
      streamTokens: false,
    },
    prompts.map((promptIds, key) => ({ key, promptIds })),
    {
      onLoading() {},
      onLoaded(engine) {
        loaded = engine
        loadMs = performance.now() - startedMs
      },
      onAnswer({ key, generation }) {
        answers[key] = generation
        arrivedMs.push(performance.now())
      },
      onRestart(reason) {
        throw new Error(`the engine of tp ${tp} failed: ${reason}`)
      },
    },
    { signal },
  )
  if (!finished) throw new Error('interrupted')
  const failed = answers.find(({ error }) => error !== null)
  if (failed) throw new Error(`tp ${tp}: an answer failed: ${failed.error}`)
  return {
    loaded: loaded!,
    loadMs,
    /** In the order of the prompts. */
    answers,
    /** When each answer arrived, in the order of their arrival; performance.now(). */
    arrivedMs,
  }
}

const problems = [
  'Tom has 14 apples and buys 9 more. How many apples does he have?',
  'A box holds 6 rows of 8 eggs. How many eggs does it hold?',
  'Compute 37 + 58 - 12.',
]

/** Tokens of a prompt without a tokenizer. */
const idsOfPrompt = 12

/**
 * The model's own encoding of a few problems, without a chat template where it has none; where it has no tokenizer, or that knows
 * nothing of the text, ids spread over its vocabulary.
 */
export async function acceptancePrompts(folder: string, config: ModelConfig): Promise<number[][]> {
  const { hasTokenizer, loadTokenizer } = await import('../models/load-tokenizer.ts')
  if (!hasTokenizer(folder)) return problems.map((_, index) => promptOfIds(config, index))
  const tokenizer = await loadTokenizer(folder)
  const encode = (problem: string) => {
    try {
      return tokenizer.encodeChat(promptMessages(problem))
    } catch (error) {
      // What is checked is how a model computes, and a base model computes as well.
      if (!(error instanceof InputError)) throw error
      return tokenizer.encodeRaw(problem)
    }
  }
  return problems.map((problem, index) => {
    const ids = encode(problem)
    return ids.length > 0 ? ids : promptOfIds(config, index)
  })
}

/** A prompt of ids, another for every index. */
export function promptOfIds({ vocabSize }: ModelConfig, index: number): number[] {
  return Array.from({ length: idsOfPrompt }, (_, at) => ((index * idsOfPrompt + at + 1) * 7919) % vocabSize)
}
