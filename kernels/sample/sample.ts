import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import candidate from '../shared/candidate.wgsl?raw'
import choice from '../shared/choice.wgsl?raw'
import finite from '../shared/finite.wgsl?raw'
import firstOfWorkgroup from '../shared/first-of-workgroup.wgsl?raw'
import pcg from '../shared/pcg.wgsl?raw'
import source from './sample.wgsl?raw'

const kernel = defineKernel('sample', [finite, candidate, firstOfWorkgroup, choice, pcg, source])

/** Tensors and settings of a choice. */
export interface Sample {
  /** [rows, width] f32: raw logits. */
  logits: Tensor
  /** [rows, width] f32: processed logits of what may be chosen, −∞ elsewhere; the raw ones where nothing was processed. */
  scores: Tensor
  /** [rows] u32: a key for each row's sequence, the same wherever and with whomever it runs. */
  sequences: Tensor
  /** [rows] u32: the step of each row's sequence. */
  steps: Tensor
  /** [rows, 4] u32: id, and the bits of its logit, of its score, and of the score with noise. */
  choices: Tensor
  /** Seed of the noise; null chooses the likeliest. */
  seed: number | null
  /** Id of the first logit, where ranks share a vocabulary. */
  firstId?: number
}

/** 32-bit words of a choice. */
export const choiceWords = 4

/** Records the choice of a token for each row: a sample of softmax(scores), the same for the same keys. */
export function sample(
  recorder: Recorder,
  { logits, scores, sequences, steps, choices, seed, firstId = 0 }: Sample,
): void {
  const [rows = 0, width = 0] = logits.shape
  checkTensor('sample', logits, ['f32'], [rows, width])
  checkTensor('sample', scores, ['f32'], [rows, width])
  checkTensor('sample', sequences, ['u32'], [rows])
  checkTensor('sample', steps, ['u32'], [rows])
  checkTensor('sample', choices, ['u32'], [rows, choiceWords])
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId, seed: seed ?? 0, draws: seed === null ? 0 : 1 },
    tensors: { logits, scores, sequences, steps, choices },
    workgroups: [rows],
    cost: { bytes: tensorBytes(scores), flops: 4 * elementCount(logits.shape) },
  })
}
