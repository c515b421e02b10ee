import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { flatWorkgroups } from '../gpu/workgroups.ts'
import source from './silu-mul.wgsl?raw'

const kernel = defineKernel('silu-mul', source)

/**
 * Records y[r, i] = silu(x[r, 2i]) · x[r, 2i + 1]: x [rows, 2 · width] f32, y [rows, width] f32. The forward pass has it
 * as linear's epilogue, with the same bits.
 */
export function siluMul(recorder: Recorder, x: Tensor, y: Tensor): void {
  const [rows = 0, width = 0] = y.shape
  checkTensor('silu-mul', y, ['f32'], [rows, width])
  checkTensor('silu-mul', x, ['f32'], [rows, 2 * width])
  const count = elementCount(y.shape)
  recorder.dispatch(kernel, {
    params: { count },
    tensors: { x, y },
    workgroups: flatWorkgroups(count, 64),
    cost: { bytes: tensorBytes(x) + tensorBytes(y), flops: 5 * count },
  })
}
