import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { type PackedWeight, rowsOfPieces, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import { isPlain } from '../pack-weight/weight-types.ts'
import pcg from '../shared/pcg.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './random-weight.wgsl?raw'

const kernel = defineKernel('random-weight', [weightType, pcg, source])

/** Standard deviation of the numbers, in units: that of a sum of four uniform integers from 0 to 63. */
export const randomWeightDeviation = Math.sqrt((4 * (64 ** 2 - 1)) / 12)

/** Which numbers of which tensor, and where they go. */
export interface RandomWeight {
  seed: number
  /** Tells the tensors of a model apart. */
  tensorKey: number
  /** What the numbers, which are whole from −126 to 126, are multiplied by: a power of two, 2⁻¹⁴ to 1. */
  unit: number
  rows: number
  /** Of the whole tensor: its first row and column that the weight holds. */
  firstRow?: number
  firstColumn?: number
  /** Where the first row goes, and the distance to the next. */
  firstOutput?: number
  outputStride?: number
}

/**
 * Records weight[firstOutput + r · outputStride, c] = unit · N(seed, tensorKey, firstRow + r, firstColumn + c) for all
 * `rows` and every input c, N being roughly normal of deviation 36.9 (randomWeightDeviation). Throws where the rows do
 * not fit, or the unit is not exact in every type.
 */
export function randomWeight(recorder: Recorder, weight: PackedWeight, use: RandomWeight): void {
  const { seed, unit, rows, firstOutput = 0, outputStride = 1 } = use
  if (firstOutput + (rows - 1) * outputStride >= weight.outputs)
    throw new Error(
      `random-weight: ${rows} rows, expected row ${firstOutput} + i·${outputStride} below ${weight.outputs} of ${weight.name}`,
    )
  if (!(unit >= 2 ** -14 && unit <= 1 && Number.isInteger(Math.log2(unit))))
    throw new Error(
      `random-weight: unit of ${weight.name} is ${unit}, expected a power of two from 2^-14 to 1; others are not exact in f16`,
    )
  for (const { piece, ...place } of rowsOfPieces(weight, rows, { firstOutput, outputStride })) {
    if (!isPlain(piece.dtype))
      throw new Error(`random-weight: ${weight.name} is ${piece.dtype}, expected f32, f16 or bf16`)
    recorder.dispatch(kernel, {
      params: {
        rows: place.rows,
        inputs: weight.inputs,
        outputs: piece.outputs,
        first_output: place.firstOutput,
        output_stride: place.outputStride,
        first_row: (use.firstRow ?? 0) + place.firstRow,
        first_column: use.firstColumn ?? 0,
        tensor_key: use.tensorKey,
        seed,
        unit,
      },
      tensors: { packed: piece.blocks },
      constants: { WEIGHT_TYPE: weightTypeConstant(piece.dtype) },
      workgroups: [Math.ceil(place.rows / 64), piece.blocksOfOutput],
      cost: { bytes: place.rows * piece.blocksOfOutput * 16, flops: 0 },
    })
  }
}
