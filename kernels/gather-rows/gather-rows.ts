import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './gather-rows.wgsl?raw'

const kernel = defineKernel('gather-rows', source)

/**
 * Records y[r] = x[rows[r]]: x [any, width] f32, rows [rows] u32, each below x's number of rows, y [rows, width] f32.
 * Throws where shapes do not fit.
 */
export function gatherRows(recorder: Recorder, x: Tensor, rows: Tensor, y: Tensor): void {
  const [given = 0, width = 0] = x.shape
  const [count = 0] = rows.shape
  checkTensor('gather-rows', x, ['f32'], [given, width])
  checkTensor('gather-rows', rows, ['u32'], [count])
  checkTensor('gather-rows', y, ['f32'], [count, width])
  recorder.dispatch(kernel, {
    params: { width },
    tensors: { x, rows, y },
    workgroups: [Math.ceil(width / 64), count],
    cost: { bytes: 2 * tensorBytes(y), flops: 0 },
  })
}
