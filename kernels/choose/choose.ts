import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './choose.wgsl?raw'

const kernel = defineKernel('choose', source)

/** Tensors and settings of a choice. */
export interface Choose {
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
export function choose(
  recorder: Recorder,
  { logits, scores, sequences, steps, choices, seed, firstId = 0 }: Choose,
): void {
  const [rows = 0, width = 0] = logits.shape
  checkTensor('choose', logits, ['f32'], [rows, width])
  checkTensor('choose', scores, ['f32'], [rows, width])
  checkTensor('choose', sequences, ['u32'], [rows])
  checkTensor('choose', steps, ['u32'], [rows])
  checkTensor('choose', choices, ['u32'], [rows, choiceWords])
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId, seed: seed ?? 0, draws: seed === null ? 0 : 1 },
    tensors: { logits, scores, sequences, steps, choices },
    workgroups: [rows],
    cost: { bytes: tensorBytes(scores), flops: 4 * elementCount(logits.shape) },
  })
}
