import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { fillNoise, packInto, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import { createPackedWeight, weightTensors } from '../pack-weight/pack-weight.ts'
import type { WeightType } from '../pack-weight/weight-types.ts'
import { routeExpertsReference } from '../route-experts/route-experts.cases.ts'
import { createExpertRoutes, routeExperts } from '../route-experts/route-experts.ts'
import { followingReference } from './linear.cases.ts'
import { type ExpertRows, type LinearVariant, linear } from './linear.ts'

/** A row of x and k of the experts: one row of x for all of them (gate and up), or one for each (down). */
interface ExpertLinearShape {
  rows: number
  experts: number
  perRow: number
  inputs: number
  /** Of one expert. */
  outputs: number
  dtype: WeightType
  inputsOf: 'row' | 'pair'
  /** Bytes of a piece of the weight at most; left out, what the adapter binds. */
  mostBytes?: number
}

const qwen3Moe = { experts: 128, perRow: 8, dtype: 'bf16' } as const

/** Shapes to time, those of one of eight ranks, so that they also run on a CPU adapter. */
const timedShapes = [
  { name: 'Qwen3-MoE gate and up', rows: 1, ...qwen3Moe, inputs: 2048, outputs: 192, inputsOf: 'row' },
  {
    name: 'Qwen3-MoE gate and up, 256 rows',
    rows: 256,
    ...qwen3Moe,
    inputs: 2048,
    outputs: 192,
    inputsOf: 'row',
  },
  { name: 'Qwen3-MoE down', rows: 1, ...qwen3Moe, inputs: 96, outputs: 2048, inputsOf: 'pair' },
  { name: 'Qwen3-MoE down, 256 rows', rows: 256, ...qwen3Moe, inputs: 96, outputs: 2048, inputsOf: 'pair' },
] as const satisfies (ExpertLinearShape & { name: string })[]

/** Shapes to check, small ones: which weight a pair is computed with does not depend on how large it is. */
export const expertLinearShapes = [
  { name: 'width 1', rows: 1, experts: 1, perRow: 1, inputs: 1, outputs: 1, dtype: 'f32', inputsOf: 'row' },
  { name: 'odd', rows: 5, experts: 3, perRow: 2, inputs: 131, outputs: 37, dtype: 'f16', inputsOf: 'pair' },
  {
    name: 'many rows',
    rows: 70,
    experts: 5,
    perRow: 3,
    inputs: 140,
    outputs: 18,
    dtype: 'bf16',
    inputsOf: 'row',
  },
  {
    name: 'many experts',
    rows: 9,
    experts: 64,
    perRow: 7,
    inputs: 260,
    outputs: 34,
    dtype: 'f32',
    inputsOf: 'pair',
  },
  {
    name: 'q4_0 in pieces',
    rows: 6,
    experts: 4,
    perRow: 2,
    inputs: 96,
    outputs: 22,
    dtype: 'q4_0',
    inputsOf: 'pair',
    mostBytes: 30 * 56,
  },
  { name: 'q6_k', rows: 5, experts: 3, perRow: 2, inputs: 256, outputs: 6, dtype: 'q6_k', inputsOf: 'row' },
  {
    name: 'pieces that end within an expert',
    rows: 6,
    experts: 5,
    perRow: 2,
    inputs: 72,
    outputs: 22,
    dtype: 'bf16',
    inputsOf: 'pair',
    mostBytes: 36 * 144,
  },
] as const satisfies (ExpertLinearShape & { name: string })[]

/** Linear's variants by how many pairs a tile has. */
export const expertLinearVariants = ['few-rows', 'few-rows 8', 'tiled', 'serial', 'serial 4'] as const
type ExpertLinearVariant = (typeof expertLinearVariants)[number]
const uses = {
  'few-rows': ['few-rows', 1],
  'few-rows 8': ['few-rows', 8],
  tiled: ['tiled', 64],
  serial: ['serial', 1],
  'serial 4': ['serial', 4],
} as const satisfies Record<ExpertLinearVariant, [LinearVariant, ExpertRows['tileRows']]>

/** A product of pairs with its tensors: each row's experts are the largest of `logits`. */
async function prepareExpertLinear(
  device: Device,
  { rows, experts, perRow, inputs, outputs, dtype, inputsOf, mostBytes }: ExpertLinearShape,
  use: ExpertLinearVariant,
  epilogue?: 'silu-mul',
  numbers: Float32Array<ArrayBuffer> = new Random(51).normals(rows * experts),
) {
  const [variant, tileRows] = uses[use]
  const pairs = rows * perRow
  const limit = mostBytes === undefined ? {} : { mostBytes }
  const weight = await createPackedWeight(device, 'weight', dtype, experts * outputs, inputs, limit)
  fillNoise(device, weight)
  const routes = await createExpertRoutes(device, rows, perRow)
  const prepared = await prepareKernel(
    device,
    {
      logits: ['f32', [rows, experts], numbers],
      x: ['f32', [inputsOf === 'row' ? rows : pairs, inputs]],
      y: ['f32', [pairs, epilogue ? outputs / 2 : outputs]],
    },
    (recorder, { x, y }) =>
      linear(
        recorder,
        x,
        weight,
        y,
        { ...(epilogue ? { finish: epilogue } : {}), experts: expertRows },
        variant,
      ),
    [...weightTensors(weight), ...Object.values(routes)],
  )
  // What is timed is the product alone.
  const recorder = new Recorder(device, 'route')
  const expertRows = routeExperts(recorder, prepared.tensors.logits, routes, true, tileRows)
  recorder.submit()
  return { ...prepared, weight }
}

/** Random products of a shape: what float64 makes of them, and how to run a variant over the first rows. */
export function makeExpertProducts(device: Device, shape: ExpertLinearShape) {
  const { rows, experts, perRow, inputs, outputs, dtype, inputsOf } = shape
  const random = new Random(52)
  const stored = storedWeight(random, dtype, experts * outputs * inputs, 1)
  const xRows = inputsOf === 'row' ? 1 : perRow
  const x = random.normals(rows * xRows * inputs)
  const logits = random.normals(rows * experts)
  const chosen = routeExpertsReference(logits, { ...shape, normalised: true, tileRows: 1 }).experts
  const y = new Float64Array(chosen.length * outputs)
  const magnitude = new Float64Array(y.length)
  for (const [pair, expert] of chosen.entries()) {
    const xRow = inputsOf === 'row' ? Math.floor(pair / perRow) : pair
    for (let n = 0; n < outputs; n++)
      for (let k = 0; k < inputs; k++) {
        const product = stored.values[(expert * outputs + n) * inputs + k]! * x[xRow * inputs + k]!
        y[pair * outputs + n]! += product
        magnitude[pair * outputs + n]! += Math.abs(product)
      }
  }
  const run = async (use: ExpertLinearVariant, epilogue?: 'silu-mul', ofRows = rows) => {
    const part = { ...shape, rows: ofRows }
    const numbers = logits.slice(0, ofRows * experts)
    const prepared = await prepareExpertLinear(device, part, use, epilogue, numbers)
    await packInto(device, stored, prepared.weight)
    const found = await runPrepared(device, prepared, { x: x.slice(0, ofRows * xRows * inputs) }, 'y')
    return new Float32Array(found.y)
  }
  return { reference: { y, magnitude }, run }
}

/** Products of pairs, plain and, where outputs come in pairs, gated. What is timed: plain ones, their experts chosen before. */
export const expertLinearCases = kernelCases('expert-linear', timedShapes, {
  checkedShapes: expertLinearShapes,
  variants: expertLinearVariants,
  prepare: prepareExpertLinear,
  async check(device, shape, variant) {
    const { reference, run } = makeExpertProducts(device, shape)
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
    const plain = compareClose('product', await run(variant), reference.y, tolerance)
    if (shape.outputs % 2 !== 0) return [plain]
    const gated = followingReference(reference, { bias: null, finish: 'silu-mul' })
    return [plain, compareClose('gated', await run(variant, 'silu-mul'), ...gated)]
  },
})
