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
  for (const [index, piece] of table.pieces.entries())
    recorder.dispatch(kernel, {
      params: {
        rows,
        width: table.inputs,
        vocabulary: piece.outputs,
        first_id: firstId + piece.firstOutput,
      },
      tensors: { ids, table: piece.blocks, out },
      // The first piece writes zeros where an id is of another; the others leave these alone.
      constants: { WEIGHT_TYPE: weightTypeConstant(piece.dtype), KEEP_OTHERS: index === 0 ? 0 : 1 },
      workgroups: [Math.ceil(table.inputs / 64), rows],
      cost: { bytes: tensorBytes(ids) + 2 * tensorBytes(out), flops: 0 },
    })
}
