import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './choose.wgsl?raw'

const kernel = defineKernel('choose', source)

/** Tensors and settings of a choice. */
export interface Choose {
  /** [rows, width] f32: raw logits. */
  logits: Tensor
  /** [rows] u32: a key for each row's sequence, the same wherever and with whomever it runs. */
  sequences: Tensor
  /** [rows] u32: the step of each row's sequence. */
  steps: Tensor
  /** [rows, 3] u32: id, and the bits of its logit and of its score. */
  choices: Tensor
  /** 0 chooses the likeliest. */
  temperature: number
  seed: number
  /** Id of the first logit, where ranks share a vocabulary. */
  firstId?: number
}

/** Records the choice of a token for each row: a sample of softmax(logits / temperature), the same for the same keys. */
export function choose(
  recorder: Recorder,
  { logits, sequences, steps, choices, temperature, seed, firstId = 0 }: Choose,
): void {
  const [rows = 0, width = 0] = logits.shape
  checkTensor('choose', logits, ['f32'], [rows, width])
  checkTensor('choose', sequences, ['u32'], [rows])
  checkTensor('choose', steps, ['u32'], [rows])
  checkTensor('choose', choices, ['u32'], [rows, 3])
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId, seed, temperature },
    tensors: { logits, sequences, steps, choices },
    workgroups: [rows],
    cost: { bytes: tensorBytes(logits), flops: 4 * elementCount(logits.shape) },
  })
}
