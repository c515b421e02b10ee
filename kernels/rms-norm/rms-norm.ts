import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './rms-norm.wgsl?raw'
import serialSource from './rms-norm-serial.wgsl?raw'

const parallel = defineKernel('rms-norm', source)
const serial = defineKernel('rms-norm-serial', serialSource)

/** Tensors of a normalisation: x and y [rows, width] f32, weight [width] f32. */
export interface RmsNorm {
  x: Tensor
  /** [rows, width], added to x first, and x keeps the sum: the residual stream. */
  delta?: Tensor
  weight: Tensor
  y: Tensor
  /** Added to the mean of squares. */
  epsilon: number
}

/** Records x += delta (where given), y = x / √(mean x² + ε) · weight. Throws where shapes do not fit. */
export function rmsNorm(
  device: Device,
  recorder: Recorder,
  { x, delta, weight, y, epsilon }: RmsNorm,
  variant: 'parallel' | 'serial' = device.kind === 'cpu' ? 'serial' : 'parallel',
): void {
  const [rows = 0, width = 0] = x.shape
  checkTensor('rms-norm', x, ['f32'], [rows, width])
  checkTensor('rms-norm', weight, ['f32'], [width])
  checkTensor('rms-norm', y, ['f32'], [rows, width])
  if (delta) checkTensor('rms-norm', delta, ['f32'], [rows, width])
  const use = {
    // Without delta the binding is not read; the weight stands in, since WebGPU wants a buffer there.
    tensors: { x, delta: delta ?? weight, weight, y },
    constants: { ADD: delta ? 1 : 0 },
    cost: {
      bytes: tensorBytes(x) * (delta ? 4 : 2) + tensorBytes(weight),
      flops: rows * width * (delta ? 5 : 4),
    },
  }
  if (variant === 'serial')
    recorder.dispatch(serial, { ...use, params: { rows, width, epsilon }, workgroups: [Math.ceil(rows / 4)] })
  else recorder.dispatch(parallel, { ...use, params: { width, epsilon }, workgroups: [rows] })
}
