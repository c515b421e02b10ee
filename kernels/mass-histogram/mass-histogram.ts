import { mostSortedIds } from '../filter-threshold/filter-threshold.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import finite from '../shared/finite.wgsl?raw'
import massBuckets from '../shared/mass-buckets.wgsl?raw'
import sortKey from '../shared/sort-key.wgsl?raw'
import source from './mass-histogram.wgsl?raw'

const kernel = defineKernel('mass-histogram', [finite, sortKey, massBuckets, source])

/** 32-bit words of a row's search: maximum, the three parts of the bound so far, and how many of its bytes are found. */
export const searchWords = 5
/** 32-bit words of a row's histogram. */
export const histogramWords = 3 * 256

/** Tensors of a histogram. */
export interface MassHistogram {
  /** [rows, width] f32 */
  scores: Tensor
  /** [rows, 5] u32 */
  searches: Tensor
  /** [rows, 768] u32, read by readMassHistogram. */
  histograms: Tensor
  /** Id of the first score, where ranks share a vocabulary. */
  firstId?: number
}

/** Of the tokens with each value of a byte, how many there are and their masses, the likeliest having 1. */
export interface Histogram {
  counts: number[]
  masses: number[]
}

/** Records a step of the search for the likeliest tokens. Throws where shapes do not fit. */
export function massHistogram(
  recorder: Recorder,
  { scores, searches, histograms, firstId = 0 }: MassHistogram,
): void {
  const [rows = 0, width = 0] = scores.shape
  checkTensor('mass-histogram', scores, ['f32'], [rows, width])
  checkTensor('mass-histogram', searches, ['u32'], [rows, searchWords])
  checkTensor('mass-histogram', histograms, ['u32'], [rows, histogramWords])
  if (firstId + width > mostSortedIds)
    throw new Error(`mass-histogram: ids reach ${firstId + width}, expected at most ${mostSortedIds}`)
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId },
    tensors: { scores, searches, histograms },
    workgroups: [rows],
    cost: { bytes: tensorBytes(scores), flops: 3 * elementCount(scores.shape) },
  })
}

/** The histogram of row `row` from the bytes of a histograms tensor. Masses are exact: multiples of 2^-40 below 2^13. */
export function readMassHistogram(bytes: ArrayBuffer, row: number): Histogram {
  const words = new Uint32Array(bytes, row * histogramWords * 4, histogramWords)
  const values = Array.from({ length: 256 }, (_, value) => value)
  return {
    counts: values.map(value => words[value]!),
    masses: values.map(value => words[256 + value]! / 256 + words[512 + value]! / 2 ** 40),
  }
}
