import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import finite from '../shared/finite.wgsl?raw'
import workgroupTree from '../shared/workgroup-tree.wgsl?raw'
import source from './softmax.wgsl?raw'

const kernel = defineKernel('softmax', [finite, workgroupTree, source])

/**
 * Records y = softmax of each row of x, both [rows, width] f32. Attention has its own, online; this is for whoever wants
 * the distribution itself.
 */
export function softmax(recorder: Recorder, x: Tensor, y: Tensor): void {
  const [rows = 0, width = 0] = x.shape
  checkTensor('softmax', x, ['f32'], [rows, width])
  checkTensor('softmax', y, ['f32'], [rows, width])
  recorder.dispatch(kernel, {
    params: { width },
    tensors: { x, y },
    workgroups: [rows],
    cost: { bytes: 2 * tensorBytes(x), flops: 4 * elementCount(x.shape) },
  })
}
