import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './likeliest.wgsl?raw'

const kernel = defineKernel('likeliest', source)

/** 32-bit words of a bound: the row's maximum, and the place of the last token that is kept (see likeliest.wgsl). */
export const boundWords = 4

/** Ids must be below this to have a place in the order of tokens. */
export const mostPlacedIds = 2 ** 24

/** How many of the likeliest tokens are kept: both bounds hold, top-p within what top-k leaves. */
export interface LikeliestBounds {
  /** The k likeliest; 0 for no bound. */
  topK: number
  /** The fewest whose probabilities reach this share; 1 for no bound. */
  topP: number
}

/**
 * Records where the likeliest tokens of each row end, in the order of scores, ties by the lower id: scores [rows, width]
 * f32, bounds [rows, 4] u32 for `keepLikeliest`. Throws where shapes do not fit.
 */
export function likeliest(
  recorder: Recorder,
  scores: Tensor,
  bounds: Tensor,
  { topK, topP }: LikeliestBounds,
): void {
  const [rows = 0, width = 0] = scores.shape
  checkTensor('likeliest', scores, ['f32'], [rows, width])
  checkTensor('likeliest', bounds, ['u32'], [rows, boundWords])
  if (width > mostPlacedIds)
    throw new Error(`likeliest: width is ${width}, expected at most ${mostPlacedIds}`)
  recorder.dispatch(kernel, {
    // Words have 32 bits; of more tokens than there are, all are kept.
    params: { width, top_k: Math.min(topK, width), top_p: topP },
    tensors: { scores, bounds },
    workgroups: [rows],
    // The maximum, and two bytes of a bound, which nearly always suffice.
    cost: { bytes: 3 * tensorBytes(scores), flops: 4 * elementCount(scores.shape) },
  })
}
