import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './process-logits.wgsl?raw'

const kernel = defineKernel('process-logits', source)

/** Tensors and settings of the processing of logits. */
export interface ProcessLogits {
  /** [rows, width] f32: raw. */
  logits: Tensor
  /** [rows] f32: subtracted first. Zero, or the logarithm of the softmax's denominator where log-probabilities are penalised. */
  shifts: Tensor
  /** [rows] u32: the cache slot of each row's sequence. */
  slots: Tensor
  /** [slots, words] u32: a bit for each token of the whole vocabulary that a slot's sequence holds. */
  seen: Tensor
  /** [rows, width] f32 */
  processed: Tensor
  /** 1 leaves seen tokens as they are. */
  penalty: number
  /** Above 0. */
  temperature: number
  /** Id of the first logit, where ranks share a vocabulary. */
  firstId?: number
}

/** Words of a mask of a vocabulary. */
export function seenWords(vocabulary: number): number {
  return Math.ceil(vocabulary / 32)
}

/** Records the repetition penalty and the temperature: processed = penalised(logits − shifts) / temperature. */
export function processLogits(recorder: Recorder, use: ProcessLogits): void {
  const { logits, shifts, slots, seen, processed, penalty, temperature, firstId = 0 } = use
  const [rows = 0, width = 0] = logits.shape
  const [slotCount = 0, words = 0] = seen.shape
  checkTensor('process-logits', logits, ['f32'], [rows, width])
  checkTensor('process-logits', shifts, ['f32'], [rows])
  checkTensor('process-logits', slots, ['u32'], [rows])
  checkTensor('process-logits', seen, ['u32'], [slotCount, words])
  checkTensor('process-logits', processed, ['f32'], [rows, width])
  if (penalty !== 1 && words < seenWords(firstId + width))
    throw new Error(`process-logits: seen has ${words} words a slot, expected ${seenWords(firstId + width)}`)
  recorder.dispatch(kernel, {
    params: { width, first_id: firstId, words, penalty, temperature },
    tensors: { logits, shifts, slots, seen, processed },
    workgroups: [Math.ceil(width / 256), rows],
    cost: { bytes: 2 * tensorBytes(logits), flops: 3 * elementCount(logits.shape) },
  })
}
