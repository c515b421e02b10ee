import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor } from '../gpu/tensor.ts'
import { type ChosenTokens, rowTokens } from '../shared/row-token.ts'
import rowToken from '../shared/row-token.wgsl?raw'
import source from './mark-seen.wgsl?raw'

const kernel = defineKernel('mark-seen', [rowToken, source])

/** Rows of a step, and the masks that take in their tokens. */
export interface MarkSeen {
  /** [rows] u32: each a token or `chosenBefore`. */
  ids: Tensor
  /** [rows] u32: the cache slot of each row's sequence. */
  slots: Tensor
  /** [slots, words] u32: a bit for each token of the whole vocabulary that a slot's sequence holds. */
  seen: Tensor
  /** What the step before chose, where ids may stand for it. */
  chosen?: ChosenTokens | null
}

/** Records that slots' sequences hold the tokens of these rows; marks that stand already stay. Throws where shapes do not fit. */
export function markSeen(recorder: Recorder, { ids, slots, seen, chosen = null }: MarkSeen): void {
  const rows = ids.shape[0] ?? 0
  const [slotCount = 0, words = 0] = seen.shape
  const tokens = rowTokens('mark-seen', ids, chosen)
  checkTensor('mark-seen', slots, ['u32'], [rows])
  checkTensor('mark-seen', seen, ['u32'], [slotCount, words])
  recorder.dispatch(kernel, {
    params: { rows, words, ...tokens.params },
    tensors: { ...tokens.tensors, slots, seen },
    workgroups: [Math.ceil(rows / 64)],
    cost: { bytes: rows * 16, flops: 0 },
  })
}
