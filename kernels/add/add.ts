import { defineKernel } from '../gpu/kernel.ts'
import { flatWorkgroups, type Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './add.wgsl?raw'

const kernel = defineKernel('add', source)

/**
 * Records x += delta, both f32 of one shape. The forward pass adds residuals inside rms-norm; this is for what has no
 * normalisation after it.
 */
export function add(recorder: Recorder, x: Tensor, delta: Tensor): void {
  checkTensor('add', delta, ['f32'], x.shape)
  checkTensor('add', x, ['f32'], x.shape)
  const count = elementCount(x.shape)
  recorder.dispatch(kernel, {
    params: { count },
    tensors: { delta, x },
    workgroups: flatWorkgroups(count, 64),
    cost: { bytes: 3 * tensorBytes(x), flops: count },
  })
}
