import type { SlotCopy } from '../../kernels/copy-slots/copy-slots.ts'
import { isLongSequence } from '../model/key-value-cache.ts'
import type { LanguageModel, Row, StepScore } from '../model/language-model.ts'
import type { BeamScores } from '../model/scores.ts'
import { recordToken, type TokenRecord } from '../record/token.ts'
import { emptyTail, nextTail, type TextTail } from './answer-end.ts'
import {
  admitRequests,
  beginProgress,
  type GenerateOptions,
  type Generation,
  notFiniteError,
  type Progress,
  pushPending,
  type SequenceRequest,
} from './generate.ts'

/** How beams are searched. */
export interface BeamSettings {
  /** Beams of a search, at least 2. */
  count: number
  /** A finished answer's score is the sum of its log-probabilities over its length to this power. */
  lengthPenalty: number
}

/** What beam search needs of a model. */
export type BeamModel = Pick<
  LanguageModel,
  'config' | 'limits' | 'maxRows' | 'maxSequenceRows' | 'stepBeams' | 'tokenRanksOf'
>

/** Candidates that a step of a search looks at: enough to go on with, should every beam's likeliest ones end the answer. */
export function beamCandidates(count: number, stopIds: number): number {
  return count * Math.max(2, 1 + stopIds)
}

/** A token of a hypothesis, and those before it. */
interface Path {
  before: Path | null
  token: TokenRecord
  /** The end of the text so far, where texts may stop it. */
  tail: TextTail
  /** Where the scores behind the token came from, while its rank is not known yet. */
  source: { row: number; logit: number } | null
}

/** A hypothesis that goes on. */
interface Beam {
  slot: number
  path: Path | null
  /** Sum of the processed log-probabilities. */
  sum: number
}

/** A search under way. */
interface Search<Request = SequenceRequest> {
  request: Request
  slots: number[]
  /** Tokens of every beam's answer. */
  length: number
  beams: Beam[]
  /** Where the model is in the sequence of each beam, as far in one as in another once they are scored. */
  progress: Progress[]
  /** The best answers that have ended, best first, at most as many as beams. */
  finished: { path: Path; score: number; finishReason: 'stop' | 'length' }[]
  startedMs: number
}

/**
 * Answers requests by beam search, as Transformers searches (`early_stopping=False`): each step keeps the `count` best
 * continuations that go on, and of those among the best `count` that end, the best by sum / length ^ lengthPenalty. A
 * search ends at the limit, or when `count` answers have ended and the best beam's score at its present length is no
 * better than the worst of theirs: a heuristic where longer answers may still gain. An answer ends at a stop text as it
 * does at a stop token. A repetition penalty multiplies log-probabilities. Ties go to the earlier beam, then to the lower
 * id. Each search takes `count` slots; beams that part copy their parent's cache into slots of beams that end.
 */
export async function* generateBeams<Request extends SequenceRequest>(
  model: BeamModel,
  requests: Iterable<Request>,
  options: GenerateOptions,
  beams: BeamSettings,
): AsyncGenerator<{ request: Request; generation: Generation }> {
  const wanted = Math.min(beamCandidates(beams.count, options.stopIds.size), model.config.vocabSize)
  if (model.limits.sequences < beams.count || model.limits.topK < wanted)
    throw new Error(
      `beam search: ${model.limits.sequences} slots and ${model.limits.topK} candidates, expected ${beams.count} and ${wanted}`,
    )
  const { admit, free } = admitRequests(model, requests, beams.count)
  const active: Search<Request>[] = []
  let copies: SlotCopy[] = []
  while (!options.shouldStop?.()) {
    for (const { request, slots, refusal } of admit()) {
      if (refusal) yield { request, generation: refusal }
      else
        active.push({
          request,
          slots,
          length: 0,
          beams: [{ slot: slots[0]!, path: null, sum: 0 }],
          progress: [beginProgress(model.config, slots[0]!, request.promptIds)],
          finished: [],
          startedMs: performance.now(),
        })
    }
    if (active.length === 0) return
    const scored = await stepAll(model, active, options, copies)
    copies = []
    const unranked: Path[] = []
    const done: { search: Search<Request>; error: string | null }[] = []
    for (const { search, rows } of scored) {
      const notFinite = rows.map(({ scores }) => scores.statistics.notFinite).find(count => count > 0)
      if (notFinite)
        done.push({ search, error: notFiniteError(notFinite, model.config.vocabSize, seenBy(search)) })
      else if (advance(model, search, rows, options, beams, unranked, copies))
        done.push({ search, error: null })
    }
    await rankPaths(model, unranked)
    for (const { search, error } of done) {
      active.splice(active.indexOf(search), 1)
      free(search.slots)
      yield { request: search.request, generation: endSearch(search, error, options) }
    }
  }
}

/** Tokens that the model has seen of every beam whose last one is scored. */
function seenBy({ progress }: Search): number {
  return progress[0]!.seen
}

interface ScoredBeam extends BeamScores {
  beam: Beam
  /** Of the step's scored rows. */
  row: number
}

/**
 * Runs one step: every beam that decodes, then as much as there is room for of new prompts and of what is computed again. A
 * search's beams are scored together: the last tokens of all of them go in one step.
 */
async function stepAll<Request extends SequenceRequest>(
  model: BeamModel,
  active: Search<Request>[],
  options: GenerateOptions,
  copies: SlotCopy[],
) {
  const rows: Row[] = []
  const scored: StepScore[] = []
  const parts: { search: Search<Request>; first: number }[] = []
  const tokensLeft = ({ progress }: Search) => progress.reduce((sum, { pending }) => sum + pending.length, 0)
  for (const search of active.toSorted((a, b) => tokensLeft(a) - tokensLeft(b))) {
    const { request, length, progress } = search
    const pushed = progress.map(one => pushPending(rows, one, model, one.pending.length - 1))
    const hasRoom =
      rows.length + progress.length <= model.maxRows && Math.max(...pushed) < model.maxSequenceRows
    if (!hasRoom || tokensLeft(search) > progress.length) continue
    parts.push({ search, first: scored.length })
    for (const one of progress) {
      pushPending(rows, one, model)
      scored.push({ row: rows.length - 1, sequence: request.key, step: length })
    }
  }
  const found = await model.stepBeams(rows, scored, options.sampling.repetitionPenalty ?? 1, copies)
  return parts.map(({ search, first }) => ({
    search,
    rows: search.beams.map(
      (beam, index): ScoredBeam => ({ ...found[first + index]!, beam, row: first + index }),
    ),
  }))
}

/** Takes a step's scores into a search; returns whether it is over. */
function advance(
  model: BeamModel,
  search: Search,
  rows: ScoredBeam[],
  { stopIds, stopTexts, maxNewTokens, topLogprobs, tokenText }: GenerateOptions,
  { count, lengthPenalty }: BeamSettings,
  unranked: Path[],
  copies: SlotCopy[],
): boolean {
  const candidates = rows
    .flatMap((from, order) =>
      from.candidates.map(candidate => ({ ...candidate, from, order, sum: from.beam.sum + candidate.score })),
    )
    .sort((a, b) => b.sum - a.sum || a.order - b.order)
    .slice(0, beamCandidates(count, stopIds.size))
    .map(candidate => {
      const before = candidate.from.beam.path?.tail ?? emptyTail
      const { tail, isFound } = stopTexts
        ? nextTail(before, candidate.id, stopTexts)
        : { tail: before, isFound: false }
      return { ...candidate, tail, isStopped: isFound || stopIds.has(candidate.id) }
    })
  search.length++
  const seen = seenBy(search)
  const atLimit = search.length >= maxNewTokens || seen + 1 >= model.limits.capacity
  const pathOf = ({ id, logit, tokenRank, from, tail }: (typeof candidates)[number]): Path => {
    const scores = { ...from.scores, chosen: { id, logit, rank: tokenRank ?? 0 } }
    const token = recordToken(scores, topLogprobs, model.config.vocabSize, tokenText?.(id) ?? null)
    const source = tokenRank === null ? { row: from.row, logit } : null
    const path = { before: from.beam.path, token, tail, source }
    if (source) unranked.push(path)
    return path
  }
  const scoreOf = (sum: number) => sum / search.length ** lengthPenalty
  const ends = ({ isStopped }: { isStopped: boolean }) => atLimit || isStopped
  const ended = candidates.slice(0, count).filter(ends)
  search.finished.push(
    ...ended.map(candidate => ({
      path: pathOf(candidate),
      score: scoreOf(candidate.sum),
      finishReason: candidate.isStopped ? ('stop' as const) : ('length' as const),
    })),
  )
  search.finished = search.finished.toSorted((a, b) => b.score - a.score).slice(0, count)
  const next = candidates.filter(candidate => !ends(candidate)).slice(0, count)
  const [best] = next
  const worst = search.finished[count - 1]?.score ?? Number.NEGATIVE_INFINITY
  if (!best || scoreOf(best.sum) <= worst) return true
  const kept = new Set(next.map(({ from }) => from.beam.slot))
  const free = search.slots.filter(slot => !kept.has(slot))
  search.beams = next.map(candidate => {
    const parent = candidate.from.beam.slot
    // The first child stays where its parent was.
    const slot = kept.delete(parent) ? parent : free.shift()!
    if (slot !== parent) copies.push({ from: parent, to: slot, length: seen })
    return { slot, path: pathOf(candidate), sum: candidate.sum }
  })
  const { isLong } = search.progress[0]!
  search.progress = search.beams.map(({ slot, path }) =>
    isLongSequence(model.config, seen + 1) === isLong
      ? { slot, pending: [path!.token.id], seen, isLong }
      : // All positions turn otherwise from here on: what the cache holds of them is computed again.
        beginProgress(model.config, slot, [
          ...search.request.promptIds,
          ...tokensOf(path).map(({ id }) => id),
        ]),
  )
  return false
}

/** Finds the ranks of tokens that were not among their row's largest logits: as many rounds as such tokens of one row. */
async function rankPaths(model: BeamModel, unranked: Path[]): Promise<void> {
  while (unranked.length > 0) {
    const round = new Map<number, Path>()
    for (const path of unranked) if (!round.has(path.source!.row)) round.set(path.source!.row, path)
    const chosen = new Map(
      [...round].map(([row, { token, source }]) => [row, { id: token.id, logit: source!.logit }]),
    )
    const tokenRanks = await model.tokenRanksOf(chosen)
    for (const [row, path] of round) {
      path.token.rank = tokenRanks.get(row)!
      path.source = null
      unranked.splice(unranked.indexOf(path), 1)
    }
  }
}

/** A hypothesis' tokens in their order. */
function tokensOf(last: Path | null): TokenRecord[] {
  const tokens: TokenRecord[] = []
  for (let path = last; path; path = path.before) tokens.unshift(path.token)
  return tokens
}

/** The best answer of a search that is over, or what went wrong. */
function endSearch(
  { request, finished, startedMs }: Search,
  error: string | null,
  { onToken }: GenerateOptions,
): Generation {
  const best = error === null ? finished[0]! : null
  const tokens = tokensOf(best?.path ?? null)
  for (const token of tokens) onToken?.(request, token)
  const finishReason = best?.finishReason ?? 'error'
  return { tokens, finishReason, error, durationMs: performance.now() - startedMs }
}
