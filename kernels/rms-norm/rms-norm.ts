import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import residual from '../shared/residual.wgsl?raw'
import workgroupTree from '../shared/workgroup-tree.wgsl?raw'
import source from './rms-norm.wgsl?raw'
import serialSource from './rms-norm-serial.wgsl?raw'

const parallel = defineKernel('rms-norm', [residual, workgroupTree, source])
const serial = defineKernel('rms-norm-serial', [residual, serialSource])

/** Tensors of a normalisation: x and y [rows, width] f32, weights [width] f32. */
export interface RmsNorm {
  x: Tensor
  /**
   * [rows, width], added to x first, and x keeps the sum: the residual stream. Or [parts, rows, width]: the parts' sum,
   * in their order, is added.
   */
  delta?: Tensor
  /** x = the sum of delta's parts instead of x += it: the first of a residual stream. */
  fresh?: boolean
  /** Factor of what is added; 1 unless given. */
  scale?: number
  /** Weight of a norm that the sum of delta's parts passes through before it is added, with the same epsilon. */
  after?: Tensor | undefined
  /** Undefined where nothing is normalised: y = x. */
  weight: Tensor | undefined
  y: Tensor
  /** Added to the mean of squares. */
  epsilon: number
}

/**
 * Records x += scale · Σ delta (where given; with `after` of Σ delta / √(mean (Σ delta)² + ε) · after), then
 * y = x / √(mean x² + ε) · weight, or y = x. Throws where shapes do not fit.
 */
export function rmsNorm(
  recorder: Recorder,
  { x, delta, fresh = false, scale = 1, after, weight, y, epsilon }: RmsNorm,
  variant: 'parallel' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'parallel',
): void {
  const [rows = 0, width = 0] = x.shape
  checkTensor('rms-norm', x, ['f32'], [rows, width])
  checkTensor('rms-norm', y, ['f32'], [rows, width])
  for (const norm of [after, weight]) if (norm) checkTensor('rms-norm', norm, ['f32'], [width])
  const parts = delta?.shape.length === 3 ? (delta.shape[0] ?? 0) : 1
  if (delta)
    checkTensor('rms-norm', delta, ['f32'], [...(delta.shape.length === 3 ? [parts] : []), rows, width])
  // What is not there is not read; another input stands in, since WebGPU wants a buffer in every binding.
  const input = weight ?? after ?? delta
  if (!input)
    throw new Error('rms-norm: neither a weight nor a delta is given, so there is nothing to compute')
  const norms = (after ? 1 : 0) + (weight ? 1 : 0)
  const use = {
    tensors: { x, delta: delta ?? input, after: after ?? input, weight: weight ?? input, y },
    params: { rows, width, parts, epsilon, scale },
    constants: {
      ADD: delta ? (fresh ? 2 : 1) : 0,
      AFTER: delta && after ? 1 : 0,
      WEIGHTED: weight ? 1 : 0,
    },
    cost: {
      bytes: tensorBytes(x) * (delta ? 3 + parts : 2) + norms * width * 4,
      flops: rows * width * (4 * norms + (delta ? 1 : 0)),
    },
  }
  if (variant === 'serial') recorder.dispatch(serial, { ...use, workgroups: [Math.ceil(rows / 4)] })
  else recorder.dispatch(parallel, { ...use, workgroups: [rows] })
}
