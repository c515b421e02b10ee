import { chosenBefore } from '../../kernels/shared/row-token.ts'
import type { ModelConfig } from '../model/config.ts'
import { isLongSequence } from '../model/key-value-cache.ts'
import type { LanguageModel, Row, StepInFlight, StepScore } from '../model/language-model.ts'
import type { Sampling } from '../model/sampling.ts'
import type { TokenScores } from '../model/scores.ts'
import type { PromptToken } from '../record/prompt-token.ts'
import { recordToken, type TokenRecord } from '../record/token.ts'
import { emptyTail, idsUpToStop, nextTail, type StopTexts, type TextTail } from './answer-end.ts'
import { beginPrompt, type PromptProgress, scorePrompts } from './prompt-scores.ts'

/** What generation needs of a model. */
export type SteppedModel = Pick<
  LanguageModel,
  | 'config'
  | 'limits'
  | 'maxRows'
  | 'maxSequenceRows'
  | 'stepsInFlight'
  | 'submitStep'
  | 'logitsOf'
  | 'tokenRanksOf'
  | 'scoreKnown'
>

/** A prompt whose answer is wanted. */
export interface SequenceRequest {
  promptIds: readonly number[]
  /** Key of its noise when sampling: the same wherever and with whomever it runs. */
  key: number
  /** What the answer begins with, whatever the model would choose; each becomes a record like any other. */
  forcedIds?: readonly number[]
  /** Tokens of the answer that the prompt ends with: a stop text may begin in them. */
  begunIds?: readonly number[]
  /** A second prompt, run after the answer for the log-probabilities of `watchIds`. */
  followUp?: FollowUp
  /** Whether it is wanted what the model says of the prompt's own tokens. */
  scoresPrompt?: boolean
}

/** A prompt around an answer: these ids, the answer's without what stopped it, and these. */
export interface FollowUp {
  before: readonly number[]
  after: readonly number[]
}

/** An answer. */
export interface Generation {
  tokens: TokenRecord[]
  finishReason: 'stop' | 'length' | 'error'
  /** What went wrong, with finishReason "error". */
  error: string | null
  durationMs: number
  /**
   * Log-probabilities of `watchIds` after the follow-up, of the raw softmax; null where that has no room or its logits are
   * not finite. Absent without a follow-up.
   */
  watchedLogprobs?: number[] | null
  /** The prompt's tokens, where they were wanted. */
  prompt?: PromptToken[]
}

/** How answers are made. */
export interface GenerateOptions {
  maxNewTokens: number
  /** Ids that end an answer; they belong to it. Empty: run to the limit. */
  stopIds: ReadonlySet<number>
  /** Texts that end an answer; their tokens belong to it. */
  stopTexts?: StopTexts | undefined
  sampling: Sampling
  /** Largest log-probabilities that every record keeps. */
  topLogprobs: number
  /** Tokens whose log-probabilities are wanted after a follow-up. */
  watchIds?: readonly number[]
  /** Text of one token; null without a tokenizer. */
  tokenText: ((id: number) => string) | null
  /** Called for every token as it comes. */
  onToken?: (request: SequenceRequest, token: TokenRecord) => void
  /** Asked before every step: true ends the run, and unfinished sequences are dropped. */
  shouldStop?: () => boolean
}

/** Where the model is in the sequence of a slot. */
export interface Progress {
  slot: number
  /** Tokens that the model has yet to see: the prompt, then one at a time. */
  pending: number[]
  /** Tokens that it has seen: the cache's length. */
  seen: number
  /** Whether it sees them by LongRoPE's long factors. */
  isLong: boolean
}

/** Has a slot's sequence seen from its first token on. */
export function beginProgress(config: ModelConfig, slot: number, ids: readonly number[]): Progress {
  return { slot, pending: [...ids], seen: 0, isLong: isLongSequence(config, ids.length) }
}

/** A sequence that is under way. */
interface Active<Request = SequenceRequest> extends Progress {
  request: Request
  tokens: TokenRecord[]
  /** Its token that the last step chooses, until that is read; then it is pending. */
  next: NextToken<Request> | null
  /** The end of its text, where texts may stop it. */
  tail: TextTail
  startedMs: number
  /** The finished answer, while its follow-up is under way. */
  answered: Generation | null
  prompt: PromptProgress
}

/** A token that a step in flight chooses. */
interface NextToken<Request = SequenceRequest> {
  sequence: Active<Request>
  /** Which of the step's scored rows chooses it. */
  place: number
  /** Tokens that its sequence had seen then. */
  seen: number
  /** Tokens of the answer before it. */
  step: number
  /** Whether a token before it, which was not read yet, has ended the sequence: its row was computed for nothing. */
  isWasted: boolean
}

/** A step that was submitted and is yet to be read. */
interface Step<Request = SequenceRequest> {
  rows: Row[]
  tokens: NextToken<Request>[]
  submitted: StepInFlight<TokenScores>
  /** Whether the host has to see it before it can tell what the next step is. */
  isAlone: boolean
}

/** A token and what its step says of it. */
interface Scored<Request = SequenceRequest> {
  token: NextToken<Request>
  scores: TokenScores
}

/** Requests in their order, as many at once as a model has slots, of which each takes `slotsOfEach`. */
export function admitRequests<Request extends SequenceRequest>(
  { config, limits }: Pick<SteppedModel, 'config' | 'limits'>,
  requests: Iterable<Request>,
  slotsOfEach: number,
) {
  const queue = requests[Symbol.iterator]()
  const freeSlots = Array.from({ length: limits.sequences }, (_, slot) => slot)
  let exhausted = false
  return {
    /** The next requests with their slots, while slots are free; one that cannot be run comes with its answer instead. */
    *admit(): Generator<{ request: Request; slots: number[]; refusal: Generation | null }> {
      while (!exhausted && freeSlots.length >= slotsOfEach) {
        const next = queue.next()
        exhausted = next.done === true
        if (next.done) return
        const request = next.value
        const error = rejectionReason(request, config)
        if (error === null) yield { request, slots: freeSlots.splice(0, slotsOfEach), refusal: null }
        else
          yield { request, slots: [], refusal: { tokens: [], finishReason: 'error', error, durationMs: 0 } }
      }
    },
    /** Takes slots back. */
    free(slots: readonly number[]): void {
      freeSlots.push(...slots)
      freeSlots.sort((a, b) => a - b)
    },
  }
}

/**
 * Answers requests, as many at once as the model has slots, and yields each as it is done: a slot that falls free takes
 * a request at once. Every step mixes single decoding tokens with the prompts of new sequences; neither changes the
 * others' numbers, so an answer does not depend on its company.
 *
 * A model that takes two steps in flight is given the next step before the last one is read, so that the device never waits for
 * the host. A sequence's next token then goes from step to step on the device, and whether a token or a text ends the
 * sequence is known one step late: the row that was computed in between is dropped, at most one a sequence, and none where a
 * limit ends it. One step alone is in flight where the host has to see it first: tokens are forced, a prompt's own tokens are
 * scored, or a follow-up is read; a sequence that crosses into LongRoPE's long factors sits out one step, and beams
 * (generateBeams) have one in flight always.
 */
export async function* generate<Request extends SequenceRequest>(
  model: SteppedModel,
  requests: Iterable<Request>,
  options: GenerateOptions,
): AsyncGenerator<{ request: Request; generation: Generation }> {
  const { admit, free } = admitRequests(model, requests, 1)
  const active: Active<Request>[] = []
  const inFlight: Step<Request>[] = []
  try {
    while (true) {
      if (inFlight.length < model.stepsInFlight && !inFlight.at(-1)?.isAlone) {
        if (options.shouldStop?.()) return
        for (const { request, slots, refusal } of admit()) {
          if (refusal) yield { request, generation: refusal }
          else
            active.push({
              ...beginProgress(model.config, slots[0]!, request.promptIds),
              request,
              tokens: [],
              next: null,
              tail: tailOf(request, options),
              startedMs: performance.now(),
              answered: null,
              prompt: beginPrompt(request, options),
            })
        }
        const step = await submitStep(model, active, options)
        if (step) {
          inFlight.push(step)
          continue
        }
      }
      const step = inFlight.shift()
      if (!step) return
      const scored = await readStep(step)
      const watched = await readWatched(model, scored, options.watchIds ?? [])
      await forceTokens(model, scored)
      // Only of such a step: its slots are still those of the sequences that it was made for.
      if (step.isAlone) await scorePrompts(model, step.rows, active, options)
      for (const { token, scores } of scored) {
        const { sequence } = token
        const generation = sequence.answered
          ? { ...sequence.answered, watchedLogprobs: watched.get(sequence) ?? null }
          : addToken(model, { token, scores }, options)
        if (!generation) continue
        // A row may be on its way behind the token that ended it.
        if (sequence.next) sequence.next.isWasted = true
        sequence.next = null
        if (beginFollowUp(model, sequence, generation, options)) continue
        active.splice(active.indexOf(sequence), 1)
        free([sequence.slot])
        yield { request: sequence.request, generation }
      }
    }
  } finally {
    // Whoever uses the model next finds it at rest.
    await Promise.allSettled(inFlight.map(({ submitted }) => submitted.read()))
  }
}

function tailOf({ begunIds = [] }: SequenceRequest, { stopTexts }: GenerateOptions): TextTail {
  return stopTexts ? begunIds.reduce((tail, id) => nextTail(tail, id, stopTexts).tail, emptyTail) : emptyTail
}

/** Why a request cannot be run, or null. */
export function rejectionReason(
  { promptIds, forcedIds = [] }: SequenceRequest,
  config: ModelConfig,
): string | null {
  const { vocabSize, maxPositionEmbeddings: context } = config
  if (promptIds.length === 0) return 'the prompt is empty; a model needs at least one token to continue'
  if (promptIds.length >= context)
    return `the prompt has ${promptIds.length} tokens, expected fewer than the context's ${context}; shorten it`
  const bad = [...promptIds, ...forcedIds].find(id => !Number.isInteger(id) || id < 0 || id >= vocabSize)
  return bad === undefined ? null : `token id ${bad} is not in the vocabulary, expected 0 to ${vocabSize - 1}`
}

/** What ends a sequence whose logits are not finite. */
export function notFiniteError(count: number, vocabulary: number, seen: number): string {
  return (
    `${count} of ${vocabulary} logits are not finite after token ${seen} of the sequence; ` +
    'the weights hold not-a-number or infinity, or overflow: check the checkpoint'
  )
}

/**
 * Adds rows of tokens that the model has yet to see, as many as a step still has room for and at most `most`; returns how
 * many.
 */
export function pushPending(
  rows: Row[],
  of: Progress,
  { maxRows, maxSequenceRows }: Pick<SteppedModel, 'maxRows' | 'maxSequenceRows'>,
  most = maxSequenceRows,
): number {
  const ids = of.pending.splice(0, Math.min(maxRows - rows.length, maxSequenceRows, most))
  for (const tokenId of ids) rows.push({ tokenId, position: of.seen++, slot: of.slot, isLong: of.isLong })
  return ids.length
}

/**
 * Submits a step: a token of every sequence that decodes, then as much of the new prompts as there is room for. Null where the
 * host has to read a step in flight first.
 */
async function submitStep<Request extends SequenceRequest>(
  model: SteppedModel,
  active: Active<Request>[],
  options: GenerateOptions,
): Promise<Step<Request> | null> {
  const rows: Row[] = []
  const scored: StepScore[] = []
  const tokens: NextToken<Request>[] = []
  const shortestFirst = active.toSorted((a, b) => a.pending.length - b.pending.length)
  for (const sequence of shortestFirst) {
    const { request, next } = sequence
    if (rows.length === model.maxRows) break
    if (next) {
      if (!mayGoOn(model, next, options)) continue
      sequence.pending.push(chosenBefore(next.place))
    }
    pushPending(rows, sequence, model)
    if (sequence.pending.length > 0) continue
    const step = next ? next.step + 1 : sequence.tokens.length
    sequence.next = { sequence, place: scored.length, seen: sequence.seen, step, isWasted: false }
    tokens.push(sequence.next)
    scored.push({ row: rows.length - 1, sequence: request.key, step })
  }
  if (rows.length === 0) return null
  const isAlone =
    tokens.some(({ sequence, step }) => sequence.answered || forcedId(sequence, step) !== undefined) ||
    active.some(({ prompt, request }) => prompt && prompt.length < request.promptIds.length)
  return { rows, tokens, submitted: await model.submitStep(rows, scored, options.sampling), isAlone }
}

/** Whether a sequence goes on behind a token that is yet to be read, unless this token or the text with it ends it. */
function mayGoOn(
  { config, limits }: SteppedModel,
  { sequence, seen, step }: NextToken,
  { maxNewTokens }: GenerateOptions,
): boolean {
  const length = seen + 1
  const isWithinLimits = step + 1 < maxNewTokens && length < limits.capacity
  return isWithinLimits && isLongSequence(config, length) === sequence.isLong
}

/** Waits for a step; its tokens but those that nobody wants. */
async function readStep<Request extends SequenceRequest>({
  tokens,
  submitted,
}: Step<Request>): Promise<Scored<Request>[]> {
  const scores = await submitted.read()
  return tokens.filter(({ isWasted }) => !isWasted).map(token => ({ token, scores: scores[token.place]! }))
}

/** The token that a request forces at a place of its answer. */
function forcedId({ request }: Active, step: number): number | undefined {
  return request.forcedIds?.[step]
}

/** Puts the tokens that requests force in the place of those that this step chose; without any it asks the model nothing. */
async function forceTokens(model: SteppedModel, scored: readonly Scored[]): Promise<void> {
  const forced = scored.flatMap(({ token: { sequence, place: row, step }, scores }) => {
    const id = sequence.answered ? undefined : forcedId(sequence, step)
    return id === undefined || scores.statistics.notFinite > 0 ? [] : [{ row, id, scores }]
  })
  if (forced.length === 0) return
  const logits = await model.logitsOf(forced)
  const chosen = new Map(forced.map(({ row, id }, index) => [row, { id, logit: logits[index]! }]))
  const tokenRanks = await model.tokenRanksOf(chosen)
  for (const { row, scores } of forced) {
    scores.chosen = { ...chosen.get(row)!, rank: tokenRanks.get(row)! }
    // It was not chosen from any distribution.
    scores.processed = null
  }
}

/** Log-probabilities of watched tokens after the follow-ups of this step; none where logits are not finite. */
async function readWatched(
  model: SteppedModel,
  scored: readonly Scored[],
  watchIds: readonly number[],
): Promise<Map<Active, number[]>> {
  const followUps = scored.filter(
    ({ token, scores }) => token.sequence.answered && scores.statistics.notFinite === 0,
  )
  if (followUps.length === 0 || watchIds.length === 0) return new Map()
  const logits = await model.logitsOf(
    followUps.flatMap(({ token }) => watchIds.map(id => ({ row: token.place, id }))),
  )
  return new Map(
    followUps.map(({ token: { sequence }, scores }, index) => {
      const { maximum, s } = scores.statistics
      const own = logits.slice(index * watchIds.length, (index + 1) * watchIds.length)
      return [sequence, own.map(logit => logit - maximum - Math.log(s))]
    }),
  )
}

/** Has a finished answer's follow-up run in its slot; false where it wants none, or has had it, or there is no room. */
function beginFollowUp(
  model: SteppedModel,
  sequence: Active,
  generation: Generation,
  { stopIds, stopTexts }: GenerateOptions,
): boolean {
  const { followUp } = sequence.request
  if (!followUp || sequence.answered || generation.finishReason === 'error') return false
  const ids = generation.tokens.map(({ id }) => id).filter(id => !stopIds.has(id))
  const answer = stopTexts ? idsUpToStop(ids, stopTexts) : ids
  const promptIds = [...followUp.before, ...answer, ...followUp.after]
  if (promptIds.length > model.limits.capacity) {
    generation.watchedLogprobs = null
    return false
  }
  sequence.answered = generation
  Object.assign(sequence, beginProgress(model.config, sequence.slot, promptIds))
  return true
}

/** Takes a step's token into its sequence; returns the answer where that ends it. */
function addToken(
  model: SteppedModel,
  { token: next, scores }: Scored,
  options: GenerateOptions,
): Generation | null {
  const { sequence } = next
  const end = (finishReason: Generation['finishReason'], error: string | null = null): Generation => ({
    tokens: sequence.tokens,
    finishReason,
    error,
    durationMs: performance.now() - sequence.startedMs,
    ...(sequence.prompt && { prompt: sequence.prompt }),
  })
  const { vocabSize } = model.config
  const { notFinite } = scores.statistics
  if (notFinite > 0) return end('error', notFiniteError(notFinite, vocabSize, next.seen))
  const text = options.tokenText?.(scores.chosen.id) ?? null
  const token = recordToken(scores, options.topLogprobs, vocabSize, text)
  sequence.tokens.push(token)
  options.onToken?.(sequence.request, token)
  if (options.stopIds.has(token.id)) return end('stop')
  if (options.stopTexts) {
    const { tail, isFound } = nextTail(sequence.tail, token.id, options.stopTexts)
    sequence.tail = tail
    if (isFound) return end('stop')
  }
  // The token itself counts: prompt and answer together stay within the room and so within the context.
  const length = next.seen + 1
  if (sequence.tokens.length >= options.maxNewTokens || length >= model.limits.capacity) return end('length')
  // Where a step behind it was submitted, the device has taken the token into that by itself.
  if (sequence.next !== next) return null
  sequence.next = null
  sequence.pending.push(token.id)
  // All its positions turn otherwise from here on: what the cache holds of them is computed again.
  if (isLongSequence(model.config, length) !== sequence.isLong) {
    const ids = [...sequence.request.promptIds, ...sequence.tokens.map(({ id }) => id)]
    Object.assign(sequence, beginProgress(model.config, sequence.slot, ids))
  }
  return null
}
