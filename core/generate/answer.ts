/// <reference lib="esnext.disposable" preserve="true" />
import { InputError } from '../input-error.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelLimits } from '../model/language-model.ts'
import type { LoadedModel } from '../model/load-model.ts'
import type { TokenRecord } from '../record/token.ts'
import type { ChatMessage, Tokenizer, TokenizerEnds } from '../tokenizer/tokenizer.ts'
import { answerText, modelStops, type StatedEnds, stopTokens } from './answer-end.ts'
import { beamCandidates } from './beam-search.ts'
import {
  type AskedDecoding,
  beamsOf,
  chooseDecoding,
  decodingLimits,
  decodingNames,
  decodingSettings,
  samplingOf,
} from './decoding.ts'
import type { Generation } from './generate.ts'
import { generateOnMesh } from './generate-on-mesh.ts'

/** What a model is asked: what a user says, a conversation, both put into its chat template, or token ids as they are. */
export type Prompt = string | readonly ChatMessage[] | { readonly ids: readonly number[] }

/** How answers are made. Greedy, up to 512 tokens or the model's own end, unless asked otherwise. */
export interface AnswerOptions extends AskedDecoding {
  /** Tokens of an answer at most; 512 without. */
  maxNewTokens?: number
  /** Keys the noise of sampling: the same seed gives the same answers, whatever runs beside them. 0 without. */
  seed?: number
  /** A text is the whole prompt, in no chat template, with the beginning of text before it where the tokenizer says so: how a base model is asked. */
  raw?: boolean
  /** Largest log-probabilities that each token's record keeps; 5 without, and no more than the model was loaded for. */
  topLogprobs?: number
  /** Tokens that end an answer; without, those that the model's files, its tokenizer and its chat template name. */
  stopIds?: readonly number[]
  /** Texts that end an answer; they are cut from its text. */
  stopTexts?: readonly string[]
  /** Called for every token as it comes, with the place of its prompt among those asked. */
  onToken?: (token: TokenRecord, prompt: number) => void
  /** Ends the work; what was asked then rejects with its reason. */
  signal?: AbortSignal
}

/** An answer and how sure the model was of every token of it. */
export interface Answer {
  /** Without the token or text that ended it; null where the model has no tokenizer. */
  text: string | null
  tokens: TokenRecord[]
  finishReason: Generation['finishReason']
  /** What went wrong, with finishReason "error". */
  error: string | null
  promptTokens: number
  /** From the prompt's admission to the last token. */
  durationMs: number
}

/** What a model is made of: its weights on devices, and what its files say. */
export interface ModelParts {
  name: string
  loaded: LoadedModel
  tokenizer: (Tokenizer & TokenizerEnds) | null
  /** What the model's files say of where answers end. */
  statedEnds: StatedEnds
  /** Called once the weights are given back, to give back what they were loaded on. */
  release(): void
}

/** A model that is loaded, alone on an adapter or over several. It holds memory of theirs until it is closed. */
export class Model {
  readonly name: string
  readonly config: ModelConfig
  /** Null where the model's folder has none; prompts are then token ids. */
  readonly tokenizer: Tokenizer | null
  /** The adapter of each rank. */
  readonly adapterNames: readonly string[]
  /** Names the weights: what `run.json` records of a run with this model. */
  readonly weightDigest: string
  readonly #parts: ModelParts
  /** One call after another: they share the caches. */
  #last: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | null = null

  /** Made by `loadModel`. */
  constructor(parts: ModelParts) {
    const { name, loaded, tokenizer } = parts
    this.name = name
    this.config = loaded.config
    this.tokenizer = tokenizer
    this.adapterNames = loaded.adapterNames
    this.weightDigest = loaded.weightDigest
    this.#parts = parts
  }

  /** Answers prompts, as many at once as the model has room for: what `generate` calls. */
  async answer(prompts: readonly Prompt[], options: AnswerOptions): Promise<Answer[]> {
    if (this.#closing) throw new InputError(`generate: the model ${this.name} was closed; load it again`)
    checkOptions(options)
    const { signal } = options
    const [asked, settings] = [[...prompts], { ...options }]
    const work = this.#last.then(() => answerAll(this.#parts, asked, settings))
    this.#last = work.catch(() => {})
    if (!signal) return work
    // A call that waits for its turn hears its signal at once.
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', abort))
  }

  /** Waits for the answers under way and gives back all memory on the adapters; nothing can be asked afterwards. A second call does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(async () => {
      await this.#parts.loaded.close()
      this.#parts.release()
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** What a model is given room for. */
export interface RoomOptions {
  /** Answers at once; 8 without. Each takes memory for its keys and values. */
  sequences?: number
  /** Tokens of a prompt and its answer together; 4,096 without, and no more than the model's context. */
  contextTokens?: number
  /** Largest log-probabilities that a token's record can keep; 5 without. */
  topLogprobs?: number
  /** Beams of a search at most; 1 without, which is none. */
  numBeams?: number
}

/** The limits that such room makes for a model. */
export function limitsFor(config: ModelConfig, room: RoomOptions): ModelLimits {
  const { sequences = 8, contextTokens = 4096, topLogprobs = 5, numBeams = 1 } = room
  for (const [name, value] of Object.entries({ sequences, contextTokens, topLogprobs, numBeams }))
    checkWhole(`loadModel: ${name}`, value, name === 'topLogprobs' ? 0 : 1)
  // As many stop tokens as models name, and one more of the caller's.
  const stopIds = numBeams > 1 ? Array<number>(mostStopsOfBeams).fill(0) : []
  return {
    ...decodingLimits(sequences, topLogprobs, { numBeams, stopIds }, config.vocabSize),
    capacity: Math.min(contextTokens, config.maxPositionEmbeddings),
  }
}

/** Beam search looks at more candidates the more tokens end an answer; room is made for so many. */
const mostStopsOfBeams = 4

/**
 * Answers a prompt, or several: then as many at once as the model was loaded for, in the order asked. Neither the numbers of an answer
 * nor its tokens depend on what runs beside it. Rejects with InputError for settings or a prompt that cannot be; of several
 * prompts one that fails has finishReason "error" and the others are answered.
 */
export function generate(model: Model, prompt: Prompt, options?: AnswerOptions): Promise<Answer>
export function generate(model: Model, prompts: readonly Prompt[], options?: AnswerOptions): Promise<Answer[]>
export async function generate(
  model: Model,
  asked: Prompt | readonly Prompt[],
  options: AnswerOptions = {},
): Promise<Answer | Answer[]> {
  if (isSeveral(asked)) return model.answer(asked, options)
  const [answer] = await model.answer([asked], options)
  if (answer!.error !== null) throw new InputError(`generate: ${answer!.error}`)
  return answer!
}

/** A conversation is a list, too, but of messages. */
function isSeveral(asked: Prompt | readonly Prompt[]): asked is readonly Prompt[] {
  const [first] = Array.isArray(asked) ? asked : []
  return Array.isArray(asked) && !(typeof first === 'object' && first !== null && 'role' in first)
}

/** Throws InputError for settings that are no such settings, whatever their types say. */
function checkOptions(options: AnswerOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new InputError(`generate: the options are ${String(options)}, expected an object`)
  const { maxNewTokens = 1, seed = 0, topLogprobs = 0, stopIds = [], stopTexts = [], onToken, raw } = options
  checkWhole('generate: maxNewTokens', maxNewTokens, 1)
  checkWhole('generate: seed', seed, 0, 2 ** 32 - 1)
  checkWhole('generate: topLogprobs', topLogprobs, 0)
  if (!Array.isArray(stopIds)) throw new InputError('generate: stopIds are no list, expected [1, 2]')
  for (const id of stopIds) checkWhole('generate: a stop id', id, 0)
  if (!Array.isArray(stopTexts) || !stopTexts.every(text => typeof text === 'string' && text !== ''))
    throw new InputError('generate: stopTexts are no list of texts that are not empty, expected ["###"]')
  if (raw !== undefined && typeof raw !== 'boolean')
    throw new InputError(`generate: raw ${String(raw)}, expected true or false`)
  if (onToken !== undefined && typeof onToken !== 'function')
    throw new InputError('generate: onToken is no function')
  for (const name of decodingNames) {
    const value = options[name]
    const { values, bounds, default: none } = decodingSettings[name]
    if (value !== undefined && value !== none && !values.safeParse(value).success)
      throw new InputError(`generate: ${name} ${String(value)}, expected a number ${bounds}`)
  }
}

function checkWhole(what: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new InputError(
      `${what} ${String(value)}, expected a whole number from ${least} ${most < Number.MAX_SAFE_INTEGER ? `to ${most}` : 'on'}`,
    )
}

async function answerAll(
  { loaded, tokenizer, statedEnds }: ModelParts,
  prompts: readonly Prompt[],
  options: AnswerOptions,
): Promise<Answer[]> {
  const { sequences, topK } = loaded.limits
  const { maxNewTokens = 512, seed = 0, topLogprobs = Math.min(5, topK), stopTexts = [] } = options
  const { onToken, signal, stopIds: askedStops, raw = false } = options
  signal?.throwIfAborted()
  const asked: AskedDecoding = Object.fromEntries(decodingNames.map(name => [name, options[name]]))
  const { decoding } = chooseDecoding(asked)
  const beams = beamsOf(decoding)
  const usesTemplate = !raw && prompts.some(prompt => !isIds(prompt))
  const ends = tokenizer && {
    eosId: tokenizer.eosId,
    ...(usesTemplate && { endOfTurnId: () => tokenizer.endOfTurnId() }),
  }
  const stopIds = new Set(
    askedStops ?? stopTokens(modelStops(statedEnds, ends ?? {}), null).map(({ id }) => id),
  )
  const candidates = beams ? Math.min(beamCandidates(beams.count, stopIds.size), loaded.config.vocabSize) : 0
  if (beams && (sequences < beams.count || topK < candidates))
    throw new InputError(
      `generate: numBeams ${beams.count} with ${stopIds.size} stop tokens takes ${beams.count} sequences and the ${candidates} largest ` +
        `logits, the model was loaded for ${sequences} and ${topK}; give loadModel { numBeams: ${beams.count}, topLogprobs: ${candidates} }`,
    )
  if (topLogprobs > topK)
    throw new InputError(
      `generate: topLogprobs ${topLogprobs}, expected at most the ${topK} that the model was loaded for; give loadModel { topLogprobs: ${topLogprobs} }`,
    )
  if (stopTexts.length > 0 && !tokenizer)
    throw new InputError('generate: stopTexts need a tokenizer, and the model has none; use stopIds')
  const refused = new Map<number, InputError>()
  const requests = prompts.flatMap((prompt, key) => {
    try {
      return { promptIds: encodePrompt(prompt, tokenizer, raw), key }
    } catch (error) {
      // Of several prompts the others are answered.
      if (!(error instanceof InputError) || prompts.length === 1) throw error
      refused.set(key, error)
      return []
    }
  })
  const generations = await generateOnMesh(
    loaded.ranks,
    requests,
    {
      maxNewTokens,
      stopIds,
      stopTexts:
        tokenizer && stopTexts.length > 0 ? { texts: stopTexts, decode: tokenizer.decode } : undefined,
      sampling: samplingOf(decoding, seed),
      topLogprobs,
      tokenText: tokenizer && (id => tokenizer.tokenText(id)),
      ...(onToken && { onToken: ({ key }, token) => onToken(token, key) }),
      ...(signal && { shouldStop: () => signal.aborted }),
    },
    beams,
  )
  signal?.throwIfAborted()
  const answers = generations.map(({ request, generation: { tokens, finishReason, error, durationMs } }) => {
    const ids = tokens.map(({ id }) => id)
    const text = tokenizer && answerText(ids => tokenizer.decode(ids), ids, stopIds, stopTexts)
    const promptTokens = request.promptIds.length
    return [request.key, { text, tokens, finishReason, error, promptTokens, durationMs }] as const
  })
  const failed = Array.from(refused, ([key, { message: error }]) => {
    const nothing = { tokens: [], promptTokens: 0, durationMs: 0 }
    return [key, { text: tokenizer && '', finishReason: 'error', error, ...nothing }] as const
  })
  return [...answers, ...failed].sort(([a], [b]) => a - b).map(([, answer]) => answer)
}

function isIds(prompt: Prompt): prompt is { readonly ids: readonly number[] } {
  return typeof prompt === 'object' && prompt !== null && 'ids' in prompt
}

function encodePrompt(prompt: Prompt, tokenizer: Tokenizer | null, raw: boolean): readonly number[] {
  const isText = typeof prompt === 'string'
  const messages = isText ? [{ role: 'user', content: prompt } as const] : prompt
  if (isIds(prompt) && Array.isArray(prompt.ids)) return prompt.ids
  const areMessages =
    Array.isArray(messages) &&
    messages.every(message => typeof message?.role === 'string' && typeof message.content === 'string')
  if (!areMessages)
    throw new InputError(
      'generate: a prompt is none, expected a text, messages as [{ role: "user", content: "..." }], or { ids: [1, 2, 3] }',
    )
  if (!tokenizer)
    throw new InputError('generate: the model has no tokenizer, expected a prompt as { ids: [1, 2, 3] }')
  if (!raw) return tokenizer.encodeChat(messages)
  if (isText) return tokenizer.encodeRaw(prompt)
  throw new InputError(
    'generate: a conversation is put into the chat template, expected a text with raw true',
  )
}
