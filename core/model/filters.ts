import { applyFilter } from '../../kernels/apply-filter/apply-filter.ts'
import { boundWords, filterThreshold } from '../../kernels/filter-threshold/filter-threshold.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import {
  type Histogram,
  histogramWords,
  massHistogram,
  readMassHistogram,
  searchWords,
} from '../../kernels/mass-histogram/mass-histogram.ts'
import { processLogits, seenWords } from '../../kernels/process-logits/process-logits.ts'
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
export class LogitProcessor {
  /** Tokens that each slot holds. */
  readonly seen: SeenTokens
  readonly #options: LogitProcessorOptions
  readonly #buffers: ProcessorBuffers

  private constructor(seen: SeenTokens, options: LogitProcessorOptions, buffers: ProcessorBuffers) {
    this.seen = seen
    this.#options = options
    this.#buffers = buffers
  }

  /** Makes the buffers. Throws OutOfMemoryError where the device has no room for them. */
  static async create(device: Device, options: LogitProcessorOptions): Promise<LogitProcessor> {
    const buffers = await createProcessorBuffers(device, options)
    return new LogitProcessor(
      await SeenTokens.create(device, options.rows, options.vocabulary),
      options,
      buffers,
    )
  }

  /**
   * Records penalty and temperature of logits [S, V], whose sequences lie in `slots`; gives the processed logits [S, V].
   * With `shifts` these are subtracted first.
   */
  process(
    stream: Recorder,
    logits: Tensor,
    slots: readonly number[],
    { temperature, repetitionPenalty: penalty = 1 }: Sampling,
    shifts?: readonly number[],
  ): Tensor {
    const of = (name: 'processed' | 'shifts' | 'slots') => firstRows(this.#buffers[name], slots.length)
    uploadTensor(stream.device, of('slots'), Uint32Array.from(slots))
    if (shifts) uploadTensor(stream.device, of('shifts'), Float32Array.from(shifts))
    const tensors = { logits, shifts: of('shifts'), slots: of('slots'), processed: of('processed') }
    const { firstId } = this.#options
    processLogits(stream, {
      ...tensors,
      seen: this.seen.tensor,
      penalty,
      temperature: temperature || 1,
      firstId,
    })
    return of('processed')
  }

  /** Records top-k, top-p and min-p of processed logits [S, V] of a rank that is alone: its device searches. */
  filter(stream: Recorder, processed: Tensor, { topK = 0, topP = 1, minP = 0 }: Sampling): void {
    const bounds = firstRows(this.#buffers.bounds, processed.shape[0]!)
    filterThreshold(stream, processed, bounds, { topK, topP })
    applyFilter(stream, { scores: processed, bounds, minP })
  }

  /**
   * The same on ranks that share the vocabulary, from the scores of these rows so far, which all ranks know alike. Where
   * the largest logits do not suffice, it takes an exchange of histograms for each byte of the bounds' sort keys, of which
   * two nearly always suffice, for top-k and for top-p. Begins a new recording and leaves it open.
   */
  async filterTogether(
    context: StepContext,
    processed: Tensor,
    rows: readonly TokenScores[],
    slots: readonly number[],
    sampling: Sampling,
  ): Promise<void> {
    const { vocabulary, firstId } = this.#options
    const searches = rows.map((row, index) => {
      const isSeen = (id: number) => this.seen.has(slots[index]!, id)
      const nearness = nearnessFromLargest(row, isSeen, vocabulary, sampling)
      return new ThresholdSearch(row.processed!.statistics.maximum, sampling, nearness)
    })
    while (searches.some(({ isDone }) => !isDone)) {
      const histograms = await this.#histograms(context, processed, searches)
      for (const [row, search] of searches.entries()) if (!search.isDone) search.take(histograms[row]!)
    }
    context.stream.begin('after the search for the likeliest tokens')
    const bounds = firstRows(this.#buffers.bounds, rows.length)
    const words = searches.flatMap(search => search.words.slice(0, boundWords))
    uploadTensor(context.device, bounds, Uint32Array.from(words))
    applyFilter(context.stream, { scores: processed, bounds, minP: sampling.minP ?? 0, firstId })
  }

  /** The histograms of every row over all ranks. */
  async #histograms(
    context: StepContext,
    scores: Tensor,
    searches: readonly ThresholdSearch[],
  ): Promise<Histogram[]> {
    const rows = searches.length
    const histograms = firstRows(this.#buffers.histograms, rows)
    const words = firstRows(this.#buffers.searches, rows)
    const sizeBytes = rows * histogramWords * 4
    context.stream.begin('search for the likeliest tokens')
    uploadTensor(context.device, words, Uint32Array.from(searches.flatMap(search => search.words)))
    massHistogram(context.stream, { scores, searches: words, histograms, firstId: this.#options.firstId })
    context.stream.copyBuffer(histograms.buffer, histograms.offsetBytes, this.#buffers.readable, 0, sizeBytes)
    const bytes = await context.submitAndGather(this.#buffers.readable, sizeBytes)
    const add = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!)
    return searches.map((_, row) =>
      Array.from({ length: context.communicator.ranks }, (_, rank) =>
        readMassHistogram(bytes, rank * rows + row),
      ).reduce((a, b) => ({ counts: add(a.counts, b.counts), masses: add(a.masses, b.masses) })),
    )
  }
}

type ProcessorBuffers = Awaited<ReturnType<typeof createProcessorBuffers>>

async function createProcessorBuffers(device: Device, { rows, width }: LogitProcessorOptions) {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  return {
    processed: await createTensor(device, 'processed logits', 'f32', [rows, width]),
    shifts: await createTensor(device, 'shifts', 'f32', [rows]),
    slots: await createTensor(device, 'scored slots', 'u32', [rows]),
    bounds: await createTensor(device, 'bounds', 'u32', [rows, boundWords]),
    searches: await createTensor(device, 'searches', 'u32', [rows, searchWords]),
    histograms: await createTensor(device, 'histograms', 'u32', [rows, histogramWords]),
    readable: await device.createBuffer('readable histograms', rows * histogramWords * 4, usage),
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

/** A token of a slot's sequence. */
export interface SeenRow {
  tokenId: number
  position: number
  slot: number
}

/**
 * Which tokens of the whole vocabulary each slot's sequence holds, prompt and answer, as bit masks on the device: what
 * the repetition penalty asks. The host keeps the same masks, so that a decoded token costs an upload of one word.
 */
class SeenTokens {
  /** [slots, words] u32 */
  readonly tensor: Tensor
  readonly #device: Device
  readonly #masks: Uint32Array<ArrayBuffer>[]

  private constructor(device: Device, tensor: Tensor) {
    const [slots = 0, words = 0] = tensor.shape
    this.tensor = tensor
    this.#device = device
    this.#masks = Array.from({ length: slots }, () => new Uint32Array(words))
  }

  /** Makes empty masks. */
  static async create(device: Device, slots: number, vocabulary: number): Promise<SeenTokens> {
    const shape = [slots, seenWords(vocabulary)]
    return new SeenTokens(device, await createTensor(device, 'seen tokens', 'u32', shape))
  }

  /** Takes the rows of a step; position 0 begins a slot's next sequence. */
  add(rows: readonly SeenRow[]): void {
    for (const [slot, ofSlot] of Map.groupBy(rows, row => row.slot)) {
      const mask = this.#masks[slot]!
      if (ofSlot.some(({ position }) => position === 0)) mask.fill(0)
      for (const { tokenId } of ofSlot) mask[tokenId >>> 5]! |= 1 << (tokenId & 31)
      const word = ofSlot[0]!.tokenId >>> 5
      if (ofSlot.length > 1 || ofSlot[0]!.position === 0) this.#upload(slot, 0, mask)
      else this.#upload(slot, word, mask.slice(word, word + 1))
    }
  }

  /** Whether a slot's sequence holds a token. */
  has(slot: number, tokenId: number): boolean {
    return ((this.#masks[slot]![tokenId >>> 5]! >>> (tokenId & 31)) & 1) === 1
  }

  /** Makes slot `to` hold what slot `from` holds. */
  copy(from: number, to: number): void {
    this.#masks[to]!.set(this.#masks[from]!)
    this.#upload(to, 0, this.#masks[to]!)
  }

  #upload(slot: number, word: number, words: Uint32Array<ArrayBuffer>): void {
    const { buffer, offsetBytes, shape } = this.tensor
    this.#device.write(buffer, offsetBytes + (slot * shape[1]! + word) * 4, words)
  }
}
