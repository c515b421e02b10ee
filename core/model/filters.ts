import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { keepLikeliest } from '../../kernels/keep-likeliest/keep-likeliest.ts'
import { boundWords, likeliest } from '../../kernels/likeliest/likeliest.ts'
import {
  type Histogram,
  histogramWords,
  massHistogram,
  readMassHistogram,
  searchWords,
} from '../../kernels/mass-histogram/mass-histogram.ts'
import { processLogits, seenWords } from '../../kernels/process-logits/process-logits.ts'
import type { TopLogit } from '../../kernels/top-k/top-k.ts'
import { firstRows } from './activations.ts'
import type { Sampling } from './sampling.ts'
import type { RowScores } from './scores.ts'
import type { StepContext } from './step-context.ts'

/**
 * Turns raw logits into the logits of the distribution that is chosen from, in a buffer of their own, since entropy is
 * of the raw ones: penalty and temperature, then −∞ for what top-k, top-p and min-p leave out.
 */
export class LogitProcessor {
  /** Tokens that each slot holds. */
  readonly seen: SeenTokens
  readonly #vocabulary: number
  readonly #firstId: number
  readonly #tensors: ProcessorTensors
  readonly #readable: GPUBuffer

  private constructor(
    seen: SeenTokens,
    vocabulary: number,
    firstId: number,
    tensors: ProcessorTensors,
    readable: GPUBuffer,
  ) {
    this.seen = seen
    this.#vocabulary = vocabulary
    this.#firstId = firstId
    this.#tensors = tensors
    this.#readable = readable
  }

  /**
   * Makes the buffers for at most `rows` scored rows, and as many cache slots, of `width` logits of this rank, the first of
   * which has id `firstId` in the whole vocabulary. Throws OutOfMemoryError where the device has no room for them.
   */
  static async create(
    device: Device,
    { rows, width, firstId, vocabulary }: Record<'rows' | 'width' | 'firstId' | 'vocabulary', number>,
  ): Promise<LogitProcessor> {
    const tensors = {
      processed: await createTensor(device, 'processed logits', 'f32', [rows, width]),
      shifts: await createTensor(device, 'shifts', 'f32', [rows]),
      slots: await createTensor(device, 'scored slots', 'u32', [rows]),
      bounds: await createTensor(device, 'bounds', 'u32', [rows, boundWords]),
      searches: await createTensor(device, 'searches', 'u32', [rows, searchWords]),
      histograms: await createTensor(device, 'histograms', 'u32', [rows, histogramWords]),
    }
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable histograms', rows * histogramWords * 4, usage)
    const seen = await SeenTokens.create(device, rows, vocabulary)
    return new LogitProcessor(seen, vocabulary, firstId, tensors, readable)
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
    const of = (name: keyof ProcessorTensors) => firstRows(this.#tensors[name], slots.length)
    uploadTensor(stream.device, of('slots'), Uint32Array.from(slots))
    if (shifts) uploadTensor(stream.device, of('shifts'), Float32Array.from(shifts))
    processLogits(stream, {
      logits,
      shifts: of('shifts'),
      slots: of('slots'),
      seen: this.seen.tensor,
      processed: of('processed'),
      penalty,
      temperature: temperature || 1,
      firstId: this.#firstId,
    })
    return of('processed')
  }

  /** Records top-k, top-p and min-p of processed logits [S, V] of a rank that is alone: the device searches. */
  filter(stream: Recorder, processed: Tensor, { topK = 0, topP = 1, minP = 0 }: Sampling): void {
    const bounds = firstRows(this.#tensors.bounds, processed.shape[0]!)
    likeliest(stream, processed, bounds, { topK, topP })
    keepLikeliest(stream, { scores: processed, bounds, minP })
  }

  /**
   * The same on ranks that share the vocabulary, from what all of them know of the rows, in whose `slots` the sequences lie.
   * Where the largest logits do not suffice, each byte of a bound costs an exchange of histograms, of which two nearly
   * always suffice, for top-k and for top-p. Begins a new recording and leaves it open.
   */
  async filterTogether(
    context: StepContext,
    processed: Tensor,
    rows: readonly RowScores[],
    slots: readonly number[],
    sampling: Sampling,
  ): Promise<void> {
    const searches = rows.map((row, index) => {
      const isSeen = (id: number) => this.seen.has(slots[index]!, id)
      const known = nearnessFromLargest(row.top, isSeen, row.processed!, this.#vocabulary, sampling)
      return new ThresholdSearch(row.processed!.maximum, sampling, known)
    })
    while (searches.some(({ isDone }) => !isDone)) {
      const histograms = await this.#histograms(context, processed, searches)
      for (const [row, search] of searches.entries()) if (!search.isDone) search.take(histograms[row]!)
    }
    context.stream.begin('after the search for the likeliest tokens')
    const bounds = firstRows(this.#tensors.bounds, rows.length)
    const words = searches.flatMap(search => search.words.slice(0, boundWords))
    uploadTensor(context.device, bounds, Uint32Array.from(words))
    const { minP = 0 } = sampling
    keepLikeliest(context.stream, { scores: processed, bounds, minP, firstId: this.#firstId })
  }

  /** The histograms of every row over all ranks. */
  async #histograms(
    context: StepContext,
    scores: Tensor,
    searches: readonly ThresholdSearch[],
  ): Promise<Histogram[]> {
    const { stream, communicator } = context
    const rows = searches.length
    const histograms = firstRows(this.#tensors.histograms, rows)
    const words = firstRows(this.#tensors.searches, rows)
    stream.begin('search for the likeliest tokens')
    uploadTensor(context.device, words, Uint32Array.from(searches.flatMap(search => search.words)))
    massHistogram(stream, { scores, searches: words, histograms, firstId: this.#firstId })
    const sizeBytes = rows * histogramWords * 4
    stream.copyBuffer(histograms.buffer, histograms.offsetBytes, this.#readable, 0, sizeBytes)
    const bytes = await context.submitAndGather(this.#readable, sizeBytes)
    const add = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!)
    return searches.map((_, row) =>
      Array.from({ length: communicator.ranks }, (_, rank) =>
        readMassHistogram(bytes, rank * rows + row),
      ).reduce((a, b) => ({ counts: add(a.counts, b.counts), masses: add(a.masses, b.masses) })),
    )
  }
}

type ProcessorTensors = Record<
  'processed' | 'shifts' | 'slots' | 'bounds' | 'searches' | 'histograms',
  Tensor
>

/** Bytes of a token's sort key: nearness to the maximum (2), order of its score (4), id (3); the larger the likelier. */
const keyBytes = 9
/** Steps of nearness in a nat. */
const stepsPerNat = 1024
/** The nearness of the maximum itself. */
const mostNearness = 0xffff

/**
 * Where the tokens of a row end that top-k and then top-p keep, for a row that several ranks share: what likeliest.wgsl
 * does alone. Each step takes the histogram over the whole row of the next byte of the tokens' sort keys.
 */
export class ThresholdSearch {
  readonly #maximum: number
  readonly #topK: number
  readonly #topP: number
  #searches: ('count' | 'mass')[]
  #key: number[] = []
  #before = { count: 0, mass: 0 }
  #kept: number | null = null
  #target = 0

  /** `maximum` is the row's largest score. Where the nearness of the last token kept is `known`, there is nothing to search. */
  constructor(
    maximum: number,
    { topK = 0, topP = 1 }: Pick<Sampling, 'topK' | 'topP'>,
    known: number | null = null,
  ) {
    this.#maximum = maximum
    this.#topK = topK
    this.#topP = topP
    this.#searches =
      known === null
        ? [...(topK > 0 ? (['count'] as const) : []), ...(topP < 1 ? (['mass'] as const) : [])]
        : []
    if (known !== null) this.#key = [known >> 8, known & 255]
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
    const byCount = this.#searches[0] === 'count'
    if (this.#key.length === 0 && !byCount)
      this.#target = Math.fround(this.#topP) * (this.#kept ?? masses.reduce((sum, mass) => sum + mass, 0))
    for (let value = 255; value >= 0; value--) {
      const count = this.#before.count + counts[value]!
      const mass = this.#before.mass + masses[value]!
      const reaches = byCount ? count >= this.#topK : mass >= this.#target
      if (counts[value]! > 0 && reaches) {
        this.#key.push(value)
        const whole = counts[value] === 1 || (byCount && count === this.#topK)
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
 * The least nearness of the tokens of a row that top-k and then top-p keep, told from its largest raw logits `top` where
 * these suffice: a number that parts the tokens as the search of their histograms would, on any device that computes as
 * exactly as WGSL demands. Null where they do not suffice, and where rounding could decide: where a token as near as the
 * last one kept is not kept, or a sum of masses comes near the share p. `processed` is of the processed logits.
 */
export function nearnessFromLargest(
  top: readonly TopLogit[],
  isSeen: (id: number) => boolean,
  { maximum, s, notFinite }: RowScores['statistics'],
  vocabulary: number,
  { temperature, topK = 0, topP = 1, repetitionPenalty = 1 }: Sampling,
): number | null {
  const last = top.at(-1)
  // A reward for what was seen could lift a token from below the largest.
  if (!last || notFinite > 0 || repetitionPenalty < 1 || (topK === 0 && topP >= 1)) return null
  const penalty = Math.fround(repetitionPenalty)
  const divisor = Math.fround(temperature || 1)
  const penalised = (logit: number) => (logit > 0 ? logit / penalty : logit * penalty)
  /** No token outside `top` is above this; those of `top` that are, are the likeliest. */
  const limit = last.logit / divisor
  const scores = top
    .map(({ id, logit }) => (isSeen(id) ? penalised(logit) : logit) / divisor)
    .filter(score => score > limit)
    .sort((a, b) => b - a)
  // Two divisions to 2.5 units in the last place each, and the distance from the maximum.
  const scoreError = 2 ** -20 * Math.max(1, Math.abs(maximum), Math.abs(limit))
  // Exponentials to 3 + 2·104 units, sums of f32 in blocks of 256, and masses cut off below 2^-40.
  const massError = 2 ** -12 + vocabulary * 2 ** -30 + 4 * scoreError

  const sums = [0]
  for (const score of scores) sums.push(sums.at(-1)! + Math.exp(score - maximum))
  let kept = topK
  if (topP < 1) {
    const known = topK > 0 ? Math.min(topK, scores.length) : scores.length
    // What top-k leaves: the known ones, and beyond them at most as many as it keeps, of which none is above the limit.
    const least = topK > 0 ? sums[known]! : s
    const most = topK > 0 ? Math.min(s, least + (topK - known) * Math.exp(limit - maximum)) : s
    const share = Math.fround(topP)
    kept = sums.findIndex((sum, count) => count <= known && sum > share * most + massError * most)
    if (kept < 1 || sums[kept - 1]! >= share * least - massError * most) return null
  }
  if (kept > scores.length) return null
  const lastKept = scores[kept - 1]!
  const firstLeft = scores[kept] ?? limit
  // The least step that is further away than the last one kept.
  const step = Math.ceil((maximum - lastKept + scoreError) * stepsPerNat)
  return step <= (maximum - firstLeft - scoreError) * stepsPerNat && step <= mostNearness
    ? mostNearness + 1 - step
    : null
}

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
export class SeenTokens {
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
      const [first] = ofSlot
      const isOneMore = ofSlot.length === 1 && first!.position > 0
      if (ofSlot.some(({ position }) => position === 0)) mask.fill(0)
      for (const { tokenId } of ofSlot) mask[tokenId >>> 5]! |= 1 << (tokenId & 31)
      const word = first!.tokenId >>> 5
      if (isOneMore) this.#upload(slot, word, mask.slice(word, word + 1))
      else this.#upload(slot, 0, mask)
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
