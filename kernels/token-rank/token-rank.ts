import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { choiceWords } from '../sample/sample.ts'
import choice from '../shared/choice.wgsl?raw'
import source from './token-rank.wgsl?raw'

const kernel = defineKernel('token-rank', [choice, source])

/**
 * Records ranks[r] = how many logits of row r are likelier than the chosen one (ties: a lower id is likelier):
 * logits [rows, width] f32, choices [rows, 4] u32 as `sample` leaves them, ranks [rows] u32. `firstId` is the id of the
 * first logit, where ranks share a vocabulary.
 */
export function tokenRank(
  recorder: Recorder,
  logits: Tensor,
  choices: Tensor,
  ranks: Tensor,
  firstId = 0,
): void {
  const [rows = 0, width = 0] = logits.shape
  checkTensor('token-rank', logits, ['f32'], [rows, width])
  checkTensor('token-rank', choices, ['u32'], [rows, choiceWords])
  checkTensor('token-rank', ranks, ['u32'], [rows])
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId },
    tensors: { logits, choices, ranks },
    workgroups: [rows],
    cost: { bytes: tensorBytes(logits), flops: 0 },
  })
}
