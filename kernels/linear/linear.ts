import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { type PackedWeight, packedWeightBytes, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import linearEpilogue from '../shared/linear-epilogue.wgsl?raw'
import linearRows from '../shared/linear-rows.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './linear.wgsl?raw'
import serialSource from './linear-serial.wgsl?raw'
import tiledSource from './linear-tiled.wgsl?raw'

const fewRows = defineKernel('linear', [weightType, linearRows, linearEpilogue, source])
const tiled = defineKernel('linear-tiled', [weightType, linearRows, linearEpilogue, tiledSource])
const serial = defineKernel('linear-serial', [weightType, linearRows, linearEpilogue, serialSource])

/**
 * The variants; all sum in one order, so that a row's bits do not depend on how many rows there are. `serial` reads four
 * inputs at once: where their number is no multiple of 4, `few-rows` takes its place.
 */
export type LinearVariant = 'few-rows' | 'tiled' | 'serial'

/** What follows the sum. `silu-mul`: outputs come in pairs (gate, up), and y[r, i] = silu(gate) · up. */
export type LinearEpilogue = { kind: 'none' } | { kind: 'bias'; bias: Tensor } | { kind: 'silu-mul' }

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

/**
 * Records y = x Wᵀ (+ bias, or gated): x [rows, inputs] f32, W [outputs, inputs] packed, y [rows, outputs] f32, or
 * [rows, outputs / 2] with silu-mul. With `expertRows`, outputs are those of one expert. Sums in f32. Throws where shapes do not fit.
 */
export function linear(
  recorder: Recorder,
  x: Tensor,
  weight: PackedWeight,
  y: Tensor,
  epilogue: LinearEpilogue = { kind: 'none' },
  chosenVariant: LinearVariant | null = null,
  expertRows: ExpertRows | null = null,
): void {
  const { inputs } = weight
  const variant = chosenVariant ?? chooseLinearVariant(recorder.device, x.shape[0] ?? 0, expertRows)
  const outputs = weight.outputs / (expertRows?.experts ?? 1)
  const rows = y.shape[0] ?? 0
  const expertsOfRow = expertRows ? rows / (x.shape[0] ?? 0) : 1
  if (!Number.isInteger(outputs) || !Number.isInteger(expertsOfRow))
    throw new Error(
      `linear: ${weight.name} has ${weight.outputs} outputs of ${expertRows?.experts} experts, ${y.name} ${rows} rows of ` +
        `${x.shape[0]} of ${x.name}; expected multiples of these`,
    )
  checkTensor('linear', x, ['f32'], [rows / expertsOfRow, inputs])
  checkTensor('linear', y, ['f32'], [rows, epilogue.kind === 'silu-mul' ? outputs / 2 : outputs])
  if (epilogue.kind === 'bias') checkTensor('linear', epilogue.bias, ['f32'], [outputs])
  const tiles = (size: number) => expertRows?.tiles ?? Math.ceil(rows / size)
  const readOutputs = outputs * Math.min(expertRows?.experts ?? 1, rows)
  const bytes = tensorBytes(x) + packedWeightBytes(weight.dtype, readOutputs, inputs) + tensorBytes(y)
  const use = {
    params: { rows, inputs, outputs, weight_outputs: weight.outputs, experts_of_row: expertsOfRow },
    // Without a bias the binding is not read, nor the routes without experts; x stands in, since WebGPU wants a buffer there.
    tensors: {
      x,
      weight: weight.blocks,
      bias: epilogue.kind === 'bias' ? epilogue.bias : x,
      routes: expertRows?.routes ?? x,
      y,
    },
    cost: { bytes, flops: 2 * rows * inputs * outputs },
  }
  const constants = {
    WEIGHT_TYPE: weightTypeConstant(weight),
    EPILOGUE: { none: 0, bias: 1, 'silu-mul': 2 }[epilogue.kind],
    EXPERTS: !expertRows ? 0 : expertRows.tileRows === 1 ? 1 : 2,
  }
  if (variant === 'tiled') {
    const workgroups = [Math.ceil(outputs / 64), tiles(64)] as const
    recorder.dispatch(tiled, { ...use, constants, workgroups })
  } else if (variant === 'serial' && inputs % 4 === 0) {
    const ROWS = expertRows?.tileRows ?? (rows === 1 ? 1 : 4)
    const workgroups = [Math.ceil(outputs / 128), tiles(ROWS)] as const
    recorder.dispatch(serial, { ...use, constants: { ...constants, ROWS }, workgroups })
  } else {
    const ROWS = expertRows?.tileRows ?? (rows === 1 ? 1 : rows <= 4 ? 4 : 8)
    const workgroups = [Math.ceil(outputs / 16), tiles(ROWS)] as const
    recorder.dispatch(fewRows, { ...use, constants: { ...constants, ROWS }, workgroups })
  }
}

/** The variant for this many rows on this device; with experts, for their tiles. */
export function chooseLinearVariant(
  device: Device,
  rows: number,
  expertRows: ExpertRows | null = null,
): LinearVariant {
  if (device.kind === 'cpu') return 'serial'
  return (expertRows ? expertRows.tileRows < 64 : rows < tiledFromRows) ? 'few-rows' : 'tiled'
}
