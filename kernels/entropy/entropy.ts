import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes, type Words, wordsOf } from '../gpu/tensor.ts'
import entropySums from '../shared/entropy-sums.wgsl?raw'
import entropyTrees from '../shared/entropy-trees.wgsl?raw'
import finite from '../shared/finite.wgsl?raw'
import mergeSource from './entropy-merge.wgsl?raw'
import serialSource from './entropy-serial.wgsl?raw'
import source from './entropy-slices.wgsl?raw'

const slices = defineKernel('entropy-slices', [finite, entropySums, entropyTrees, source])
const merge = defineKernel('entropy-merge', [finite, entropySums, entropyTrees, mergeSource])
const serial = defineKernel('entropy-serial', [finite, entropySums, serialSource])

/** Logits of a slice; the SLICE of the shaders. */
const sliceWidth = 2048
/** 32-bit words of a slice's partial result. */
const partialWords = 6
/** 32-bit words of a row's statistics. */
export const entropyWords = 8

/** A row's statistics, of the softmax p of its logits x over the whole row. With d = x − maximum: */
export interface EntropyStatistics {
  maximum: number
  /** Σ e^d: the softmax's denominator. */
  s: number
  /** Σ d·e^d and Σ d²·e^d. */
  t: number
  u: number
  /** Σ d. */
  w: number
  /** −Σ p ln p, nats. */
  entropyNats: number
  /** Variance of −ln p under p, nats². */
  varentropy: number
  /** Logits that are not-a-number or infinite; the other values then mean nothing. */
  notFinite: number
}

/** u32 words that the partial results of `rows` rows of logits need. */
export function entropyPartialWords(rows: number, width: number): number {
  return rows * Math.ceil(width / sliceWidth) * partialWords
}

/**
 * Records entropy and varentropy of each row: logits [rows, width] f32; partials, entropyPartialWords u32 at least;
 * statistics [rows, 8] u32, read by readEntropyStatistics. Throws where shapes do not fit.
 */
export function entropy(
  recorder: Recorder,
  logits: Tensor,
  partials: Tensor,
  statistics: Tensor,
  variant: 'slices' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'slices',
): void {
  const [rows = 0, width = 0] = logits.shape
  checkTensor('entropy', logits, ['f32'], [rows, width])
  checkTensor('entropy', statistics, ['u32'], [rows, entropyWords])
  const cost = { bytes: tensorBytes(logits), flops: 8 * elementCount(logits.shape) }
  if (variant === 'serial') {
    const workgroups = [Math.ceil(rows / 4)] as const
    const tensors = { logits, statistics }
    recorder.dispatch(serial, { params: { rows, width }, tensors, workgroups, cost })
    return
  }
  const params = { width, slices: Math.ceil(width / sliceWidth) }
  const workgroups = [params.slices, rows] as const
  recorder.dispatch(slices, { params, tensors: { logits, partials }, workgroups, cost })
  const mergeCost = { bytes: entropyPartialWords(rows, width) * 4, flops: 0 }
  recorder.dispatch(merge, { params, tensors: { partials, statistics }, workgroups: [rows], cost: mergeCost })
}

/** The statistics of row `row` from what was read of a statistics tensor, which begins at word `first`. */
export function readEntropyStatistics(bytes: ArrayBuffer | Words, row: number, first = 0): EntropyStatistics {
  const { words, floats } = wordsOf(bytes)
  const at = first + row * entropyWords
  return {
    maximum: floats[at]!,
    s: floats[at + 1]!,
    t: floats[at + 2]!,
    u: floats[at + 3]!,
    w: floats[at + 4]!,
    entropyNats: floats[at + 5]!,
    varentropy: floats[at + 6]!,
    notFinite: words[at + 7]!,
  }
}
