import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './combine-experts.wgsl?raw'

const kernel = defineKernel('combine-experts', source)

/** The outputs of N rows' experts, k of each; all f32. */
export interface CombineExperts {
  /** [N·k, width] */
  outputs: Tensor
  /** [N, k] */
  weights: Tensor
  /** The output of an expert that all rows share, [N, width], and the logits of a gate of it, [N, 1]. */
  shared?: { outputs: Tensor; gates: Tensor | null } | null
  /** [N, width] */
  y: Tensor
}

/**
 * Records y[r] = Σ_s weights[r, s] · outputs[r·k + s], in the order of s, then + sigmoid(gates[r]) · shared outputs[r], or these as
 * they are without gates. Throws where shapes do not fit.
 */
export function combineExperts(recorder: Recorder, { outputs, weights, shared, y }: CombineExperts): void {
  const [rows = 0, perRow = 0] = weights.shape
  const width = y.shape[1] ?? 0
  checkTensor('combine-experts', outputs, ['f32'], [rows * perRow, width])
  checkTensor('combine-experts', weights, ['f32'], [rows, perRow])
  checkTensor('combine-experts', y, ['f32'], [rows, width])
  if (shared) checkTensor('combine-experts', shared.outputs, ['f32'], [rows, width])
  if (shared?.gates) checkTensor('combine-experts', shared.gates, ['f32'], [rows, 1])
  const read = tensorBytes(outputs) + tensorBytes(weights) + (shared ? tensorBytes(y) : 0)
  recorder.dispatch(kernel, {
    params: { width, experts_of_row: perRow },
    // Without a shared expert or its gate the bindings are not read; weights stand in, since WebGPU wants a buffer there.
    tensors: {
      outputs,
      weights,
      shared_outputs: shared?.outputs ?? weights,
      gates: shared?.gates ?? weights,
      y,
    },
    constants: { SHARED: !shared ? 0 : shared.gates ? 2 : 1 },
    workgroups: [Math.ceil(width / 64), rows],
    cost: { bytes: read + tensorBytes(y), flops: 2 * rows * width * (perRow + (shared ? 1 : 0)) },
  })
}
