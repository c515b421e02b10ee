import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import finite from '../shared/finite.wgsl?raw'
import massBuckets from '../shared/mass-buckets.wgsl?raw'
import sortKey from '../shared/sort-key.wgsl?raw'
import workgroupTree from '../shared/workgroup-tree.wgsl?raw'
import source from './filter-threshold.wgsl?raw'

const kernel = defineKernel('filter-threshold', [finite, workgroupTree, sortKey, massBuckets, source])

/** 32-bit words of a bound: the row's maximum, and the sort key of the last token that is kept (shared/sort-key.wgsl). */
export const boundWords = 4

/** Ids must be below this, since a sort key has three bytes for them. */
export const mostSortedIds = 2 ** 24

/** How many of the likeliest tokens are kept: both bounds hold, top-p within what top-k leaves. */
export interface FilterLimits {
  /** The k likeliest; 0 for no bound. */
  topK: number
  /** The fewest whose probabilities reach this share; 1 for no bound. */
  topP: number
}

/**
 * Records where the likeliest tokens of each row end, in the order of scores, ties by the lower id: scores [rows, width]
 * f32, bounds [rows, 4] u32 for `applyFilter`. Throws where shapes do not fit.
 */
export function filterThreshold(
  recorder: Recorder,
  scores: Tensor,
  bounds: Tensor,
  { topK, topP }: FilterLimits,
): void {
  const [rows = 0, width = 0] = scores.shape
  checkTensor('filter-threshold', scores, ['f32'], [rows, width])
  checkTensor('filter-threshold', bounds, ['u32'], [rows, boundWords])
  if (width > mostSortedIds)
    throw new Error(`filter-threshold: width is ${width}, expected at most ${mostSortedIds}`)
  recorder.dispatch(kernel, {
    // Words have 32 bits; of more tokens than there are, all are kept.
    params: { width, top_k: Math.min(topK, width), top_p: topP },
    tensors: { scores, bounds },
    workgroups: [rows],
    // The maximum, and two bytes of a bound, which nearly always suffice.
    cost: { bytes: 3 * tensorBytes(scores), flops: 4 * elementCount(scores.shape) },
  })
}
