import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, elementCount, type Tensor } from '../gpu/tensor.ts'
import { type PackedWeight, type WeightPiece, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import { isPlain, weightTypes } from '../pack-weight/weight-types.ts'
import linearEpilogue from '../shared/linear-epilogue.wgsl?raw'
import softCap from '../shared/soft-cap.wgsl?raw'
import weightBlocks from '../shared/weight-blocks.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './linear.wgsl?raw'
import serialSource from './linear-serial.wgsl?raw'
import tiledSource from './linear-tiled.wgsl?raw'

const fewRows = defineKernel('linear', [weightType, weightBlocks, softCap, linearEpilogue, source])
const tiled = defineKernel('linear-tiled', [weightType, weightBlocks, softCap, linearEpilogue, tiledSource])
const serial = defineKernel('linear-serial', [
  weightType,
  weightBlocks,
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

/** Rows from which reading W once for 64 of them beats reading it once for each 8. */
const tiledFromRows = 17

/**
 * Records y = x Wᵀ and what follows: x [rows, inputs] f32, W [outputs, inputs] packed, y [rows, outputs] f32, or
 * [rows, outputs / 2] with a gate. Sums in f32. One dispatch a piece of W. Throws where shapes do not fit.
 */
export function linear(
  recorder: Recorder,
  x: Tensor,
  weight: PackedWeight,
  y: Tensor,
  epilogue: LinearEpilogue = {},
  variant: LinearVariant = chooseLinearVariant(recorder.device, x.shape[0] ?? 0),
): void {
  const { inputs, outputs, pieces } = weight
  const rows = x.shape[0] ?? 0
  const isGated = typeof epilogue.finish === 'string'
  checkTensor('linear', x, ['f32'], [rows, inputs])
  checkTensor('linear', y, ['f32'], [rows, isGated ? outputs / 2 : outputs])
  if (epilogue.bias) checkTensor('linear', epilogue.bias, ['f32'], [outputs])
  if (!isGated && pieces.some(({ outputStride }) => outputStride !== 1))
    throw new Error(`linear: ${weight.name} holds pairs of outputs, expected a gate to follow the sum`)
  // Of pairs that are of two types the gates come last, and find the other outputs in y.
  for (const piece of pieces.toSorted((one, other) => placeInPair(other) - placeInPair(one)))
    dispatchPiece(recorder, x, inputs, piece, y, epilogue, variant)
}

/** Of a piece of pairs' first or second outputs alone, which of them. */
function placeInPair({ firstOutput, outputStride }: WeightPiece): number {
  return firstOutput % outputStride
}

function dispatchPiece(
  recorder: Recorder,
  x: Tensor,
  inputs: number,
  piece: WeightPiece,
  y: Tensor,
  { bias, finish }: LinearEpilogue,
  variant: LinearVariant,
): void {
  const rows = x.shape[0] ?? 0
  const { outputs, firstOutput, outputStride, blocks, blocksOfOutput, skip } = piece
  const { scale, cap } = typeof finish === 'object' ? finish : { scale: 1, cap: null }
  const isGated = typeof finish === 'string'
  const written = rows * (isGated && outputStride === 1 ? outputs / 2 : outputs)
  const use = {
    params: {
      rows,
      inputs,
      outputs,
      blocks: blocksOfOutput,
      skip,
      first_output: firstOutput,
      output_stride: outputStride,
      columns: y.shape[1] ?? 0,
      halving: isGated ? 1 : 0,
      scale,
      cap: cap ?? 0,
    },
    // Without a bias the binding is not read; x stands in, since WebGPU wants a buffer there.
    tensors: { x, weight: blocks, bias: bias ?? x, y },
    cost: {
      bytes: 4 * (rows * inputs + elementCount(blocks.shape) + written),
      flops: 2 * rows * inputs * outputs,
    },
  }
  const constants = {
    WEIGHT_TYPE: weightTypeConstant(piece.dtype),
    BIAS: bias ? 1 : 0,
    EPILOGUE: epilogueConstant(piece, finish),
    GATE: finish === 'gelu-tanh-mul' ? 1 : 0,
  }
  // Types that are stored one by one have zeros past the last input.
  const blockInputs = isPlain(piece.dtype) ? 1 : weightTypes[piece.dtype].inputs
  const IS_CUT = skip > 0 || inputs % blockInputs > 0 ? 1 : 0
  const isByFours = inputs % 4 === 0 && skip % 4 === 0
  if (variant === 'tiled') {
    const workgroups = [Math.ceil(outputs / 64), Math.ceil(rows / 64)] as const
    recorder.dispatch(tiled, { ...use, constants, workgroups })
  } else if (variant === 'serial' && isByFours) {
    const ROWS = rows === 1 ? 1 : 4
    const workgroups = [Math.ceil(outputs / 128), Math.ceil(rows / ROWS)] as const
    recorder.dispatch(serial, { ...use, constants: { ...constants, ROWS, IS_CUT }, workgroups })
  } else {
    const ROWS = rows === 1 ? 1 : rows <= 4 ? 4 : 8
    const workgroups = [Math.ceil(outputs / 16), Math.ceil(rows / ROWS)] as const
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

/** The variant for this many rows on this device. */
export function chooseLinearVariant(device: Device, rows: number): LinearVariant {
  if (device.kind === 'cpu') return 'serial'
  return rows < tiledFromRows ? 'few-rows' : 'tiled'
}
