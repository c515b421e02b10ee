import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { type PackedWeight, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import { type ChosenTokens, rowTokens } from '../shared/row-token.ts'
import rowToken from '../shared/row-token.wgsl?raw'
import weightBlocks from '../shared/weight-blocks.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './embed.wgsl?raw'

const kernel = defineKernel('embed', [weightType, weightBlocks, rowToken, source])

/** Where an embedding's rows come from beyond the ids and the table. */
export interface EmbedOrigin {
  /** Id of the table's first row, where ranks share a vocabulary. */
  firstId?: number
  /** What the step before chose, where ids may stand for it. */
  chosen?: ChosenTokens | null
}

/**
 * Records out[r] = table[token of row r − firstId], zeros for a token outside the table: ids [rows] u32, each a token or
 * `chosenBefore`, table packed [vocabulary, width], out [rows, width] f32.
 */
export function embed(
  recorder: Recorder,
  ids: Tensor,
  table: PackedWeight,
  out: Tensor,
  { firstId = 0, chosen = null }: EmbedOrigin = {},
): void {
  const rows = ids.shape[0] ?? 0
  const tokens = rowTokens('embed', ids, chosen)
  checkTensor('embed', out, ['f32'], [rows, table.inputs])
  for (const [index, piece] of table.pieces.entries())
    recorder.dispatch(kernel, {
      params: {
        rows,
        width: table.inputs,
        outputs: piece.outputs,
        blocks: piece.blocksOfOutput,
        first_id: firstId + piece.firstOutput,
        ...tokens.params,
      },
      tensors: { ...tokens.tensors, weight: piece.blocks, out },
      // The first piece writes zeros where an id is of another; the others leave these alone.
      constants: { WEIGHT_TYPE: weightTypeConstant(piece.dtype), KEEP_OTHERS: index === 0 ? 0 : 1 },
      workgroups: [Math.ceil(table.inputs / 512), rows],
      cost: { bytes: tensorBytes(ids) + 2 * tensorBytes(out), flops: 0 },
    })
}
