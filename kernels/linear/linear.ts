import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor } from '../gpu/tensor.ts'
import { type PackedWeight, type WeightPiece, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import { isPlain, weightTypes } from '../pack-weight/weight-types.ts'
import linearEpilogue from '../shared/linear-epilogue.wgsl?raw'
import linearRows from '../shared/linear-rows.wgsl?raw'
import softCap from '../shared/soft-cap.wgsl?raw'
import weightBlocks from '../shared/weight-blocks.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './linear.wgsl?raw'
import serialSource from './linear-serial.wgsl?raw'
import tiledSource from './linear-tiled.wgsl?raw'

const fewRows = defineKernel('linear', [
  weightType,
  weightBlocks,
  linearRows,
  softCap,
  linearEpilogue,
  source,
])
const tiled = defineKernel('linear-tiled', [
  weightType,
  weightBlocks,
  linearRows,
  softCap,
  linearEpilogue,
  tiledSource,
])
const serial = defineKernel('linear-serial', [
  weightType,
  weightBlocks,
  linearRows,
  softCap,
  linearEpilogue,
  serialSource,
])

/**
 * The variants; all sum in one order, so that a row's bits do not depend on how many rows there are. `serial` reads four
 * inputs at once: where their number, or what is skipped of a block, is no multiple of 4, `few-rows` takes its place.
 */
export type LinearVariant = 'few-rows' | 'tiled' | 'serial'

/**
 * What follows the sum and the bias. Of the gates outputs come in pairs (gate, up), and y[r, i] = silu(gate) · up, or
 * GELU's tanh approximation of the gate. With a scale y = scale · sum, and with a cap c that becomes c · tanh(y / c).
 */
export type LinearFinish = 'silu-mul' | 'gelu-tanh-mul' | { scale: number; cap: number | null }

/** What follows a product's sum: a bias [outputs] f32, then what `finish` says. */
export interface LinearEpilogue {
  bias?: Tensor | undefined
  finish?: LinearFinish | undefined
}

/**
 * Rows of y that experts compute, in place of one weight for all: y's rows are pairs of a row of x and one of its experts,
 * where x has a row for each of them or, of a row's experts, one for all. As `routeExperts` chooses and lists them.
 */
export interface ExpertRows {
  /** How many there are; their outputs lie in the weight one after another. */
  experts: number
  /** Rows that a workgroup computes with one reading of its expert's weight; 1 where a pair has a tile of its own. */
  tileRows: 1 | 4 | 8 | 64
  /** How many tiles, empty ones too. */
  tiles: number
  /** u32. [pairs], each pair's expert; where tiles have several rows, the pairs by expert, then of each tile the first and last + 1 of these and their expert. */
  routes: Tensor
}

/** Rows from which reading W once for 64 of them beats reading it once for each 8. */
const tiledFromRows = 17

/** How a product is computed beside the plain one. */
export interface LinearUse extends LinearEpilogue {
  experts?: ExpertRows
}

/**
 * Records y = x Wᵀ and what follows: x [rows, inputs] f32, W [outputs, inputs] packed, y [rows, outputs] f32, or
 * [rows, outputs / 2] with a gate. With experts, y has one row a pair, and the columns of one expert. Sums in f32. One
 * dispatch a piece of W. Throws where shapes do not fit.
 */
export function linear(
  recorder: Recorder,
  x: Tensor,
  weight: PackedWeight,
  y: Tensor,
  use: LinearUse = {},
  variant: LinearVariant = chooseLinearVariant(recorder.device, x.shape[0] ?? 0, use.experts),
): void {
  const { inputs, pieces } = weight
  const outputs = weight.outputs / (use.experts?.experts ?? 1)
  const rows = y.shape[0] ?? 0
  const expertsOfRow = use.experts && rows > 0 ? rows / (x.shape[0] ?? 0) : 1
  if (!Number.isInteger(outputs) || !Number.isInteger(expertsOfRow))
    throw new Error(
      `linear: ${weight.name} has ${weight.outputs} outputs of ${use.experts?.experts} experts, ${y.name} ${rows} rows of ` +
        `${x.shape[0]} of ${x.name}; expected multiples of these`,
    )
  const isGated = typeof use.finish === 'string'
  checkTensor('linear', x, ['f32'], [rows / expertsOfRow, inputs])
  checkTensor('linear', y, ['f32'], [rows, isGated ? outputs / 2 : outputs])
  if (use.bias) checkTensor('linear', use.bias, ['f32'], [weight.outputs])
  if (!isGated && pieces.some(({ outputStride }) => outputStride !== 1))
    throw new Error(`linear: ${weight.name} holds pairs of outputs, expected a gate to follow the sum`)
  // Of pairs that are of two types the gates come last, and find the other outputs in y.
  for (const piece of pieces.toSorted((one, other) => placeInPair(other) - placeInPair(one)))
    dispatchPiece(recorder, x, weight, piece, y, use, variant)
}

/** Of a piece of pairs' first or second outputs alone, which of them. */
function placeInPair({ firstOutput, outputStride }: WeightPiece): number {
  return firstOutput % outputStride
}

function dispatchPiece(
  recorder: Recorder,
  x: Tensor,
  { inputs, outputs: allOutputs }: PackedWeight,
  piece: WeightPiece,
  y: Tensor,
  { bias, finish, experts }: LinearUse,
  variant: LinearVariant,
): void {
  const [rows = 0, columns = 0] = y.shape
  const { outputs, firstOutput, outputStride, blocks, blocksOfOutput, skip } = piece
  const { scale, cap } = typeof finish === 'object' ? finish : { scale: 1, cap: null }
  const isGated = typeof finish === 'string'
  const expertOutputs = experts ? allOutputs / experts.experts / outputStride : 0
  // Columns of a row, and at most so many of the experts.
  const used = experts ? Math.min(outputs, expertOutputs) : outputs
  const read = experts ? Math.min(experts.experts, rows) / experts.experts : 1
  const written = rows * (isGated && outputStride === 1 ? used / 2 : used)
  const use = {
    params: {
      rows,
      inputs,
      outputs,
      blocks: blocksOfOutput,
      skip,
      first_output: firstOutput,
      output_stride: outputStride,
      columns,
      halving: isGated ? 1 : 0,
      scale,
      cap: cap ?? 0,
      expert_outputs: expertOutputs,
      experts_of_row: experts ? rows / (x.shape[0] ?? 0) : 1,
    },
    // Without a bias the binding is not read, nor the routes without experts; x stands in, since WebGPU wants a buffer there.
    tensors: { x, weight: blocks, bias: bias ?? x, routes: experts?.routes ?? x, y },
    cost: {
      bytes: 4 * (elementCount(x.shape) + read * elementCount(blocks.shape) + written),
      flops: 2 * rows * inputs * used,
    },
  }
  const constants = {
    WEIGHT_TYPE: weightTypeConstant(piece.dtype),
    BIAS: bias ? 1 : 0,
    EPILOGUE: epilogueConstant(piece, finish),
    GATE: finish === 'gelu-tanh-mul' ? 1 : 0,
    EXPERTS: !experts ? 0 : experts.tileRows === 1 ? 1 : 2,
  }
  const tiles = (size: number) => experts?.tiles ?? Math.ceil(rows / size)
  // Types that are stored one by one have zeros past the last input.
  const blockInputs = isPlain(piece.dtype) ? 1 : weightTypes[piece.dtype].inputs
  const IS_CUT = skip > 0 || inputs % blockInputs > 0 ? 1 : 0
  const isByFours = inputs % 4 === 0 && skip % 4 === 0
  if (variant === 'tiled') {
    const workgroups = [Math.ceil(used / 64), tiles(64)] as const
    recorder.dispatch(tiled, { ...use, constants, workgroups })
  } else if (variant === 'serial' && isByFours) {
    const ROWS = experts?.tileRows ?? (rows === 1 ? 1 : 4)
    const workgroups = [Math.ceil(used / 128), tiles(ROWS)] as const
    recorder.dispatch(serial, { ...use, constants: { ...constants, ROWS, IS_CUT }, workgroups })
  } else {
    const ROWS = experts?.tileRows ?? (rows === 1 ? 1 : rows <= 4 ? 4 : 8)
    const workgroups = [Math.ceil(used / 16), tiles(ROWS)] as const
    const tensors = { ...use.tensors, x_vectors: x }
    const VECTORS = isByFours ? 1 : 0
    recorder.dispatch(fewRows, {
      ...use,
      tensors,
      constants: { ...constants, ROWS, VECTORS, IS_CUT },
      workgroups,
    })
  }
}

/** The kernels' override EPILOGUE. */
function epilogueConstant(piece: WeightPiece, finish: LinearFinish | undefined): 0 | 1 | 2 | 3 {
  if (finish === undefined) return 0
  if (typeof finish === 'object') return 1
  if (piece.outputStride === 1) return 2
  return placeInPair(piece) === 0 ? 3 : 0
}

/** The variant for this many rows on this device; with experts, for their tiles. */
export function chooseLinearVariant(device: Device, rows: number, experts?: ExpertRows): LinearVariant {
  if (device.kind === 'cpu') return 'serial'
  return (experts ? experts.tileRows < 64 : rows < tiledFromRows) ? 'few-rows' : 'tiled'
}
