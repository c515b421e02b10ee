import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import residual from '../shared/residual.wgsl?raw'
import workgroupTree from '../shared/workgroup-tree.wgsl?raw'
import source from './rms-norm.wgsl?raw'
import serialSource from './rms-norm-serial.wgsl?raw'

const parallel = defineKernel('rms-norm', [residual, workgroupTree, source])
const serial = defineKernel('rms-norm-serial', [residual, serialSource])

/** Tensors of a normalisation: x and y [rows, width] f32, weight [width] f32. */
export interface RmsNorm {
  x: Tensor
  /**
   * [rows, width], added to x first, and x keeps the sum: the residual stream. Or [parts, rows, width]: the parts' sum,
   * in their order, is added.
   */
  delta?: Tensor
  /** x = the sum of delta's parts instead of x += it: the first of a residual stream. */
  fresh?: boolean
  weight: Tensor
  y: Tensor
  /** Added to the mean of squares. */
  epsilon: number
}

/** Records x += Σ delta (where given), y = x / √(mean x² + ε) · weight. Throws where shapes do not fit. */
export function rmsNorm(
  recorder: Recorder,
  { x, delta, fresh = false, weight, y, epsilon }: RmsNorm,
  variant: 'parallel' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'parallel',
): void {
  const [rows = 0, width = 0] = x.shape
  checkTensor('rms-norm', x, ['f32'], [rows, width])
  checkTensor('rms-norm', weight, ['f32'], [width])
  checkTensor('rms-norm', y, ['f32'], [rows, width])
  const parts = delta?.shape.length === 3 ? (delta.shape[0] ?? 0) : 1
  if (delta)
    checkTensor('rms-norm', delta, ['f32'], [...(delta.shape.length === 3 ? [parts] : []), rows, width])
  const use = {
    // Without delta the binding is not read; the weight stands in, since WebGPU wants a buffer there.
    tensors: { x, delta: delta ?? weight, weight, y },
    params: { rows, width, parts, epsilon },
    constants: { ADD: delta ? (fresh ? 2 : 1) : 0 },
    cost: {
      bytes: tensorBytes(x) * (delta ? 3 + parts : 2) + tensorBytes(weight),
      flops: rows * width * (delta ? 5 : 4),
    },
  }
  if (variant === 'serial') recorder.dispatch(serial, { ...use, workgroups: [Math.ceil(rows / 4)] })
  else recorder.dispatch(parallel, { ...use, workgroups: [rows] })
}
