import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, uploadTensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { keepLikeliest } from '../../kernels/keep-likeliest/keep-likeliest.ts'
import { boundWords, type LikeliestBounds, likeliest } from '../../kernels/likeliest/likeliest.ts'
import {
  type Histogram,
  histogramWords,
  massHistogram,
  readMassHistogram,
  searchWords,
} from '../../kernels/mass-histogram/mass-histogram.ts'
import { processLogits } from '../../kernels/process-logits/process-logits.ts'
import type { RankGroup } from '../parallel/rank-group.ts'
import { LikeliestSearch } from './likeliest-search.ts'
import type { Sampling } from './sampling.ts'
import { SeenTokens } from './seen-tokens.ts'

/** What a processor is made for. */
export interface LogitProcessorOptions {
  /** Scored rows of a pass, at most. */
  rows: number
  /** Cache slots. */
  slots: number
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
  readonly #firstId: number
  readonly #tensors: ProcessorTensors
  readonly #readable: GPUBuffer

  private constructor(seen: SeenTokens, firstId: number, tensors: ProcessorTensors, readable: GPUBuffer) {
    this.seen = seen
    this.#firstId = firstId
    this.#tensors = tensors
    this.#readable = readable
  }

  /** Makes the buffers. Throws OutOfMemoryError where the device has no room for them. */
  static async create(device: Device, options: LogitProcessorOptions): Promise<LogitProcessor> {
    const { rows, slots, width, firstId, vocabulary } = options
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
    return new LogitProcessor(await SeenTokens.create(device, slots, vocabulary), firstId, tensors, readable)
  }

  /**
   * Records penalty and temperature of logits [S, V], whose sequences lie in `slots`; gives the processed logits [S, V].
   * With `shifts` these are subtracted first.
   */
  apply(
    device: Device,
    recorder: Recorder,
    logits: Tensor,
    slots: readonly number[],
    sampling: Sampling,
    shifts?: readonly number[],
  ): Tensor {
    const rows = slots.length
    const of = (name: keyof ProcessorTensors) => rowsOf(this.#tensors[name], rows)
    uploadTensor(device, of('slots'), Uint32Array.from(slots))
    if (shifts) uploadTensor(device, of('shifts'), Float32Array.from(shifts))
    const { temperature, repetitionPenalty: penalty = 1 } = sampling
    processLogits(recorder, {
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

  /** Records top-k, top-p and min-p of processed logits [S, V] of a rank that is alone. */
  truncate(recorder: Recorder, processed: Tensor, sampling: Sampling): void {
    const bounds = rowsOf(this.#tensors.bounds, processed.shape[0]!)
    likeliest(recorder, processed, bounds, boundsOf(sampling))
    keepLikeliest(recorder, { scores: processed, bounds, minP: sampling.minP ?? 0 })
  }

  /**
   * The same on ranks that share the vocabulary, `maxima` being the largest processed logits over all ranks: an exchange
   * of histograms for each byte of the bounds' places, of which two nearly always suffice, for top-k and for top-p. Begins
   * a new recording and leaves it open.
   */
  async truncateTogether(
    group: RankGroup,
    processed: Tensor,
    maxima: readonly number[],
    sampling: Sampling,
  ): Promise<void> {
    const rows = maxima.length
    const searches = maxima.map(maximum => new LikeliestSearch(maximum, boundsOf(sampling)))
    while (searches.some(({ done }) => !done)) {
      const histograms = await this.#histograms(group, processed, searches)
      for (const [row, search] of searches.entries()) if (!search.done) search.take(histograms[row]!)
    }
    group.begin('after the search for the likeliest tokens')
    const bounds = rowsOf(this.#tensors.bounds, rows)
    uploadTensor(
      group.device,
      bounds,
      Uint32Array.from(searches.flatMap(({ words }) => words.slice(0, boundWords))),
    )
    keepLikeliest(group.recorder, {
      scores: processed,
      bounds,
      minP: sampling.minP ?? 0,
      firstId: this.#firstId,
    })
  }

  /** The histograms of every row over all ranks. */
  async #histograms(
    group: RankGroup,
    scores: Tensor,
    searches: readonly LikeliestSearch[],
  ): Promise<Histogram[]> {
    const { device, exchange } = group
    const rows = searches.length
    const tensor = rowsOf(this.#tensors.histograms, rows)
    const words = rowsOf(this.#tensors.searches, rows)
    group.begin('search for the likeliest tokens')
    uploadTensor(device, words, Uint32Array.from(searches.flatMap(search => search.words)))
    massHistogram(group.recorder, { scores, searches: words, histograms: tensor, firstId: this.#firstId })
    const sizeBytes = rows * histogramWords * 4
    group.recorder.copyBuffer(tensor.buffer, tensor.offsetBytes, this.#readable, 0, sizeBytes)
    group.recorder.submit()
    const mine = await device.readMapped(this.#readable, sizeBytes)
    const { buffer } = await exchange.gather(new Uint8Array(mine))
    const add = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!)
    return searches.map((_, row) =>
      Array.from({ length: exchange.ranks }, (_, rank) =>
        readMassHistogram(buffer, rank * rows + row),
      ).reduce((a, b) => ({ counts: add(a.counts, b.counts), masses: add(a.masses, b.masses) })),
    )
  }
}

type ProcessorTensors = Record<
  'processed' | 'shifts' | 'slots' | 'bounds' | 'searches' | 'histograms',
  Tensor
>

function boundsOf({ topK = 0, topP = 1 }: Sampling): LikeliestBounds {
  return { topK, topP }
}

function rowsOf(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}
