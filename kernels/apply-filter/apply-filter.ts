import { boundWords } from '../filter-threshold/filter-threshold.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import finite from '../shared/finite.wgsl?raw'
import sortKey from '../shared/sort-key.wgsl?raw'
import source from './apply-filter.wgsl?raw'

const kernel = defineKernel('apply-filter', [finite, sortKey, source])

/** A number below every difference of two finite f32 that are not astronomically far apart: no bound. */
const noBound = -3e38

/** What is to be kept of scores. */
export interface ApplyFilter {
  /** [rows, width] f32: −∞ afterwards where a token is not kept. */
  scores: Tensor
  /** [rows, 4] u32, as `filterThreshold` leaves them. */
  bounds: Tensor
  /** A token is kept that is at least this share as likely as the likeliest (arXiv 2407.01082); 0 for no bound. */
  minP: number
  /** Id of the first score, where ranks share a vocabulary. */
  firstId?: number
}

/** Records that tokens beyond their row's bound, or less likely than min-p allows, cannot be chosen. */
export function applyFilter(recorder: Recorder, { scores, bounds, minP, firstId = 0 }: ApplyFilter): void {
  const [rows = 0, width = 0] = scores.shape
  checkTensor('apply-filter', scores, ['f32'], [rows, width])
  checkTensor('apply-filter', bounds, ['u32'], [rows, boundWords])
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId, log_min_p: minP > 0 ? Math.log(minP) : noBound },
    tensors: { bounds, scores },
    workgroups: [Math.ceil(width / 256), rows],
    cost: { bytes: 2 * tensorBytes(scores), flops: 2 * elementCount(scores.shape) },
  })
}
