import { applyFilter } from '../../kernels/apply-filter/apply-filter.ts'
import { boundWords, filterThreshold } from '../../kernels/filter-threshold/filter-threshold.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { markSeen } from '../../kernels/mark-seen/mark-seen.ts'
import {
  type Histogram,
  histogramWords,
  massHistogram,
  readMassHistogram,
  searchWords,
} from '../../kernels/mass-histogram/mass-histogram.ts'
import { processLogits, seenWords } from '../../kernels/process-logits/process-logits.ts'
import { type ChosenTokens, isKnownToken } from '../../kernels/shared/row-token.ts'
import { firstRows } from './activations.ts'
import type { Sampling } from './sampling.ts'
import type { TokenScores } from './scores.ts'
import type { StepContext } from './step-context.ts'

/** What a processor is made for. */
interface LogitProcessorOptions {
  /** Scored rows of a pass, at most, and cache slots. */
  rows: number
  /** This rank's logits: how many, and the id of the first. */
  width: number
  firstId: number
  /** Tokens of the whole vocabulary. */
  vocabulary: number
}

/**
 * Turns raw logits into the logits of the distribution that is chosen from, in a buffer of their own, since entropy is
 * of the raw ones: penalty and temperature, then −∞ for what top-k, top-p and min-p leave out.
 */
export type LogitProcessor = Awaited<ReturnType<typeof createLogitProcessor>>

/** Makes a processor with its buffers. Throws OutOfMemoryError where the device has no room for them. */
export async function createLogitProcessor(
  context: StepContext,
  { rows: mostRows, width, firstId, vocabulary }: LogitProcessorOptions,
) {
  const { stream, device, communicator } = context
  const make = (name: string, dtype: 'f32' | 'u32', ...shape: number[]) =>
    createTensor(device, name, dtype, [mostRows, ...shape])
  const words = seenWords(vocabulary)
  const buffers = {
    processed: await make('processed logits', 'f32', width),
    shifts: await make('shifts', 'f32'),
    bounds: await make('bounds', 'u32', boundWords),
    searches: await make('searches', 'u32', searchWords),
    histograms: await make('histograms', 'u32', histogramWords),
  }
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const readable = await device.createBuffer('readable histograms', mostRows * histogramWords * 4, usage)
  /** A bit for each token of the whole vocabulary that a slot's sequence, prompt and answer, holds: for the penalty. */
  const seen = await make('seen tokens', 'u32', words)
  /**
   * The same on the host, for slots that take over others' and for what ranks find together. Of a sequence whose tokens go from step
   * to step on the device it lacks those, and nobody asks: such a rank is alone and searches no beams.
   */
  const seenBySlot = Array.from({ length: mostRows }, () => new Uint32Array(words))

  /** The histograms of every row over all ranks. */
  async function sumHistograms(scores: Tensor, states: readonly ThresholdSearch[]): Promise<Histogram[]> {
    const rows = states.length
    const histograms = firstRows(buffers.histograms, rows)
    const searches = firstRows(buffers.searches, rows)
    const sizeBytes = rows * histogramWords * 4
    stream.begin('search for the likeliest tokens')
    uploadTensor(device, searches, Uint32Array.from(states.flatMap(search => search.words)))
    massHistogram(stream, { scores, searches, histograms, firstId })
    stream.copyBuffer(histograms.buffer, histograms.offsetBytes, readable, 0, sizeBytes)
    const bytes = await context.submitAndGather(readable, sizeBytes)
    const add = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!)
    return states.map((_, row) =>
      Array.from({ length: communicator.ranks }, (_, rank) =>
        readMassHistogram(bytes, rank * rows + row),
      ).reduce((a, b) => ({ counts: add(a.counts, b.counts), masses: add(a.masses, b.masses) })),
    )
  }

  return {
    /** [rows, V]: where processed logits lie. */
    processed: buffers.processed,

    /**
     * Makes what slots have seen ready for the rows of a step, after slots that take over others': position 0 begins a sequence.
     * `markSeen` puts in the tokens.
     */
    takeRows(
      rows: readonly { tokenId: number; position: number; slot: number }[],
      copies: readonly { from: number; to: number }[],
    ): void {
      const upload = (slot: number) =>
        device.write(seen.buffer, seen.offsetBytes + slot * words * 4, seenBySlot[slot]!)
      for (const { from, to } of copies) {
        seenBySlot[to]!.set(seenBySlot[from]!)
        upload(to)
      }
      for (const { tokenId, position, slot } of rows) {
        const own = seenBySlot[slot]!
        if (position === 0) {
          own.fill(0)
          upload(slot)
        }
        if (isKnownToken(tokenId)) own[tokenId >>> 5]! |= 1 << (tokenId & 31)
      }
    },

    /** Records that slots' sequences hold the tokens of a step's rows. */
    markSeen({ ids, slots }: { ids: Tensor; slots: Tensor }, chosen: ChosenTokens | null): void {
      markSeen(stream, { ids, slots, seen, chosen })
    },

    /**
     * Records penalty and temperature of logits [S, V], whose sequences lie in `slots` [S]; gives the processed logits [S, V].
     * What `setShifts` was given is subtracted first.
     */
    apply(
      logits: Tensor,
      slots: Tensor,
      { temperature, repetitionPenalty: penalty = 1 }: Pick<Sampling, 'temperature' | 'repetitionPenalty'>,
    ): Tensor {
      const of = (name: 'processed' | 'shifts') => firstRows(buffers[name], slots.shape[0]!)
      const use = { logits, shifts: of('shifts'), slots, seen, processed: of('processed') }
      processLogits(stream, { ...use, penalty, temperature: temperature || 1, firstId })
      return use.processed
    },

    /** What is subtracted from the logits of the first rows, until it is told otherwise: 0 at first. */
    setShifts(shifts: readonly number[]): void {
      uploadTensor(device, firstRows(buffers.shifts, shifts.length), Float32Array.from(shifts))
    },

    /** Records top-k, top-p and min-p of processed logits [S, V] of a rank that is alone: its device searches. */
    filter(scores: Tensor, { topK = 0, topP = 1, minP = 0 }: Sampling): void {
      const bounds = firstRows(buffers.bounds, scores.shape[0]!)
      filterThreshold(stream, scores, bounds, { topK, topP })
      applyFilter(stream, { scores, bounds, minP })
    },

    /**
     * The same on ranks that share the vocabulary, from the scores of these rows so far, which all ranks know alike. Where
     * the largest logits do not suffice, it takes an exchange of histograms for each byte of the bounds' sort keys, of which
     * two nearly always suffice, for top-k and for top-p. Begins a new recording and leaves it open.
     */
    async filterTogether(
      scores: Tensor,
      rows: readonly TokenScores[],
      slots: readonly number[],
      sampling: Sampling,
    ): Promise<void> {
      const searches = rows.map((row, index) => {
        const own = seenBySlot[slots[index]!]!
        const isSeen = (id: number) => ((own[id >>> 5]! >>> (id & 31)) & 1) === 1
        const nearness = nearnessFromLargest(row, isSeen, vocabulary, sampling)
        return new ThresholdSearch(row.processed!.statistics.maximum, sampling, nearness)
      })
      while (searches.some(({ isDone }) => !isDone)) {
        const histograms = await sumHistograms(scores, searches)
        for (const [row, search] of searches.entries()) if (!search.isDone) search.take(histograms[row]!)
      }
      stream.begin('after the search for the likeliest tokens')
      const bounds = firstRows(buffers.bounds, rows.length)
      const found = searches.flatMap(search => search.words.slice(0, boundWords))
      uploadTensor(device, bounds, Uint32Array.from(found))
      applyFilter(stream, { scores, bounds, minP: sampling.minP ?? 0, firstId })
    },
  }
}

/** Bytes of a token's sort key: nearness to the maximum (2), order of its score (4), id (3); the larger the likelier. */
const keyBytes = 9

/**
 * Where the tokens of a row end that top-k and then top-p keep, for a row that several ranks share: what
 * filter-threshold.wgsl does alone. Each step takes the histogram over the whole row of the next byte of the sort keys.
 */
export class ThresholdSearch {
  readonly #maximum: number
  readonly #limits: { topK: number; topP: number }
  #searches: ('count' | 'mass')[] = []
  #key: number[] = []
  #before = { count: 0, mass: 0 }
  #kept: number | null = null
  #target = 0

  /** `maximum` is the row's largest score. With the nearness of the last token that is kept there is nothing to search. */
  constructor(maximum: number, { topK = 0, topP = 1 }: Sampling, nearness: number | null = null) {
    this.#maximum = maximum
    this.#limits = { topK, topP }
    if (nearness !== null) this.#key = [nearness >> 8, nearness & 255]
    else {
      if (topK > 0) this.#searches.push('count')
      if (topP < 1) this.#searches.push('mass')
    }
  }

  get isDone(): boolean {
    return this.#searches.length === 0
  }

  /** Words for `massHistogram`; the first four are those of a bound. */
  get words(): number[] {
    const [maximumBits = 0] = new Uint32Array(new Float32Array([this.#maximum]).buffer)
    const word = (from: number, to: number) => {
      let value = 0
      for (let at = from; at < to; at++) value = value * 256 + (this.#key[at] ?? 0)
      return value
    }
    return [maximumBits, word(0, 2), word(2, 6), word(6, 9), this.isDone ? keyBytes : this.#key.length]
  }

  /** Takes the histogram of the next byte. */
  take({ counts, masses }: Histogram): void {
    const { topK, topP } = this.#limits
    const byCount = this.#searches[0] === 'count'
    if (this.#key.length === 0 && !byCount)
      this.#target = Math.fround(topP) * (this.#kept ?? masses.reduce((sum, mass) => sum + mass, 0))
    for (let value = 255; value >= 0; value--) {
      const count = this.#before.count + counts[value]!
      const mass = this.#before.mass + masses[value]!
      const reaches = byCount ? count >= topK : mass >= this.#target
      if (counts[value]! > 0 && reaches) {
        this.#key.push(value)
        const whole = counts[value] === 1 || (byCount && count === topK)
        if (whole || this.#key.length === keyBytes) this.#end(mass)
        return
      }
      this.#before = { count, mass }
    }
    // There are not so many: all are kept.
    this.#end(this.#before.mass)
  }

  #end(keptMass: number): void {
    this.#searches.shift()
    this.#kept = keptMass
    if (this.isDone) return
    this.#key = []
    this.#before = { count: 0, mass: 0 }
  }
}

/**
 * The nearness to the maximum, in the steps of sort keys, that parts the tokens of a row that top-k and then top-p keep
 * from the others, told from its scores so far: those of the raw logits, and the statistics of the processed ones. A search
 * of histograms parts them alike on every device that is as exact as WGSL demands. Null where the largest logits do not
 * suffice, or where rounding could decide: tokens on both sides that are too near each other, or a sum of masses that is
 * too near the share p.
 */
export function nearnessFromLargest(
  { top, processed }: Pick<TokenScores, 'top' | 'processed'>,
  isSeen: (id: number) => boolean,
  vocabulary: number,
  { temperature, topK = 0, topP = 1, repetitionPenalty = 1 }: Sampling,
): number | null {
  const { maximum, s, notFinite } = processed!.statistics
  // A penalty that is a reward could lift tokens above those that are known.
  if (notFinite > 0 || repetitionPenalty < 1 || (topK === 0 && topP >= 1)) return null
  const penalty = Math.fround(repetitionPenalty)
  const divisor = Math.fround(temperature || 1)
  const penalised = (logit: number) => (logit > 0 ? logit / penalty : logit * penalty)
  // No token but the largest is above this; those that are, are the likeliest.
  const limit = top.at(-1)!.logit / divisor
  const scores = top
    .map(({ id, logit }) => (isSeen(id) ? penalised(logit) : logit) / divisor)
    .filter(score => score > limit)
    .sort((a, b) => b - a)
  // Two quotients to 2.5 units in the last place each, and the distance from the maximum.
  const scoreError = 2 ** -20 * Math.max(1, Math.abs(maximum), Math.abs(limit))
  // Exponentials to 3 + 2·104 units in the last place, sums of f32 in blocks of 256, and masses cut off below 2^-40.
  const massError = 2 ** -12 + vocabulary * 2 ** -30 + 4 * scoreError

  let kept = topK
  if (topP < 1) {
    const known = Math.min(scores.length, topK || scores.length)
    const sums = [0]
    for (const score of scores.slice(0, known)) sums.push(sums.at(-1)! + Math.exp(score - maximum))
    // What top-k leaves: what is known, and beyond it at most as many tokens as are left to it, none above the limit.
    const least = topK > 0 ? sums[known]! : s
    const most = topK > 0 ? Math.min(s, least + (topK - known) * Math.exp(limit - maximum)) : s
    kept = sums.findIndex(sum => sum > (Math.fround(topP) + massError) * most)
    if (kept < 1 || sums[kept - 1]! >= (Math.fround(topP) - massError) * least) return null
  }
  if (kept > scores.length) return null
  const lastKept = maximum - scores[kept - 1]! + scoreError
  const firstLeft = maximum - (scores[kept] ?? limit) - scoreError
  const step = Math.ceil(lastKept * stepsPerNat)
  return step <= firstLeft * stepsPerNat && step <= mostNearness ? mostNearness + 1 - step : null
}

/** Steps of nearness in a nat, and the nearness of the maximum itself: see sort-key.wgsl. */
const stepsPerNat = 1024
const mostNearness = 0xffff
