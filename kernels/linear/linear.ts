import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import { type PackedWeight, packedWeightBytes, weightTypeConstant } from '../pack-weight/pack-weight.ts'
import linearEpilogue from '../shared/linear-epilogue.wgsl?raw'
import weightType from '../shared/weight-type.wgsl?raw'
import source from './linear.wgsl?raw'
import serialSource from './linear-serial.wgsl?raw'
import tiledSource from './linear-tiled.wgsl?raw'

const fewRows = defineKernel('linear', [weightType, linearEpilogue, source])
const tiled = defineKernel('linear-tiled', [weightType, linearEpilogue, tiledSource])
const serial = defineKernel('linear-serial', [weightType, linearEpilogue, serialSource])

/**
 * The variants; all sum in one order, so that a row's bits do not depend on how many rows there are. `serial` reads four
 * inputs at once: where their number is no multiple of 4, `few-rows` takes its place.
 */
export type LinearVariant = 'few-rows' | 'tiled' | 'serial'

/** What follows the sum. `silu-mul`: outputs come in pairs (gate, up), and y[r, i] = silu(gate) · up. */
export type LinearEpilogue = { kind: 'none' } | { kind: 'bias'; bias: Tensor } | { kind: 'silu-mul' }

/** Rows from which reading W once for 64 of them beats reading it once for each 8. */
const tiledFromRows = 17

/**
 * Records y = x Wᵀ (+ bias, or gated): x [rows, inputs] f32, W [outputs, inputs] packed, y [rows, outputs] f32, or
 * [rows, outputs / 2] with silu-mul. Sums in f32. Throws where shapes do not fit.
 */
export function linear(
  recorder: Recorder,
  x: Tensor,
  weight: PackedWeight,
  y: Tensor,
  epilogue: LinearEpilogue = { kind: 'none' },
  variant: LinearVariant = chooseLinearVariant(recorder.device, x.shape[0] ?? 0),
): void {
  const { inputs, outputs } = weight
  const rows = x.shape[0] ?? 0
  checkTensor('linear', x, ['f32'], [rows, inputs])
  checkTensor('linear', y, ['f32'], [rows, epilogue.kind === 'silu-mul' ? outputs / 2 : outputs])
  if (epilogue.kind === 'bias') checkTensor('linear', epilogue.bias, ['f32'], [outputs])
  const bytes = tensorBytes(x) + packedWeightBytes(weight.dtype, outputs, inputs) + tensorBytes(y)
  const use = {
    params: { rows, inputs, outputs },
    // Without a bias the binding is not read; x stands in, since WebGPU wants a buffer there.
    tensors: { x, weight: weight.blocks, bias: epilogue.kind === 'bias' ? epilogue.bias : x, y },
    cost: { bytes, flops: 2 * rows * inputs * outputs },
  }
  const constants = {
    WEIGHT_TYPE: weightTypeConstant(weight),
    EPILOGUE: { none: 0, bias: 1, 'silu-mul': 2 }[epilogue.kind],
  }
  if (variant === 'tiled') {
    const workgroups = [Math.ceil(outputs / 64), Math.ceil(rows / 64)] as const
    recorder.dispatch(tiled, { ...use, constants, workgroups })
  } else if (variant === 'serial' && inputs % 4 === 0) {
    const ROWS = rows === 1 ? 1 : 4
    const workgroups = [Math.ceil(outputs / 128), Math.ceil(rows / ROWS)] as const
    recorder.dispatch(serial, { ...use, constants: { ...constants, ROWS }, workgroups })
  } else {
    const ROWS = rows === 1 ? 1 : rows <= 4 ? 4 : 8
    const workgroups = [Math.ceil(outputs / 16), Math.ceil(rows / ROWS)] as const
    recorder.dispatch(fewRows, { ...use, constants: { ...constants, ROWS }, workgroups })
  }
}

/** The variant for this many rows on this device. */
export function chooseLinearVariant(device: Device, rows: number): LinearVariant {
  if (device.kind === 'cpu') return 'serial'
  return rows < tiledFromRows ? 'few-rows' : 'tiled'
}
