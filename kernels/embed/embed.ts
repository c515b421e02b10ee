import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { type PackedWeight, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './embed.wgsl?raw'

const kernel = defineKernel('embed', [weightType, source])

/**
 * Records out[r] = table[ids[r] − firstId], zeros for an id outside the table: ids [rows] u32, table packed [vocabulary,
 * width], out [rows, width] f32.
 */
export function embed(recorder: Recorder, ids: Tensor, table: PackedWeight, out: Tensor, firstId = 0): void {
  const rows = ids.shape[0] ?? 0
  checkTensor('embed', ids, ['u32'], [rows])
  checkTensor('embed', out, ['f32'], [rows, table.inputs])
  recorder.dispatch(kernel, {
    params: { rows, width: table.inputs, vocabulary: table.outputs, first_id: firstId },
    tensors: { ids, table: table.blocks, out },
    constants: { WEIGHT_TYPE: weightTypeConstant(table) },
    workgroups: [Math.ceil(table.inputs / 64), rows],
    cost: { bytes: tensorBytes(ids) + 2 * tensorBytes(out), flops: 0 },
  })
}
