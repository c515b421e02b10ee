import { kernelCases } from '../gpu/cases.ts'
import { type Comparison, compareBits, compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import type { ExpertRows } from '../linear/linear.ts'
import { expertListWords, routeExperts } from './route-experts.ts'

interface RouteShape {
  rows: number
  experts: number
  perRow: number
  normalised: boolean
  tileRows: ExpertRows['tileRows']
}

/** Shapes to test and time. */
const routeExpertsShapes: readonly (RouteShape & { name: string })[] = [
  { name: 'one expert', rows: 3, experts: 1, perRow: 1, normalised: true, tileRows: 4 },
  { name: 'all experts', rows: 2, experts: 5, perRow: 5, normalised: false, tileRows: 1 },
  { name: 'odd', rows: 37, experts: 67, perRow: 3, normalised: false, tileRows: 4 },
  { name: 'Mixtral', rows: 1, experts: 8, perRow: 2, normalised: true, tileRows: 1 },
  { name: 'Mixtral, prefill', rows: 256, experts: 8, perRow: 2, normalised: true, tileRows: 64 },
  { name: 'Qwen2-MoE', rows: 1, experts: 60, perRow: 4, normalised: false, tileRows: 1 },
  { name: 'Qwen3-MoE', rows: 1, experts: 128, perRow: 8, normalised: true, tileRows: 1 },
  { name: 'Qwen3-MoE, prefill', rows: 128, experts: 128, perRow: 8, normalised: true, tileRows: 8 },
  { name: 'most experts', rows: 9, experts: 1024, perRow: 10, normalised: true, tileRows: 8 },
]

/** The variants of the kernel. */
export const routeExpertsVariants = ['parallel', 'serial'] as const

/** What is kept of each row of logits [rows, experts] in float64: the largest, ties to the lower id, in the order of their ids. */
export function routeExpertsReference(
  logits: ArrayLike<number>,
  { rows, experts, perRow, normalised }: RouteShape,
): { experts: Uint32Array; weights: Float64Array } {
  const kept = new Uint32Array(rows * perRow)
  const weights = new Float64Array(rows * perRow)
  for (let r = 0; r < rows; r++) {
    const row = Array.from({ length: experts }, (_, e) => logits[r * experts + e]!)
    const ids = row.map((_, e) => e).sort((a, b) => row[b]! - row[a]! || a - b)
    const best = ids.slice(0, perRow).sort((a, b) => a - b)
    const largest = Math.max(...row)
    const sumOf = (chosen: number[]) => chosen.reduce((sum, e) => sum + Math.exp(row[e]! - largest), 0)
    const sum = sumOf(normalised ? best : ids)
    kept.set(best, r * perRow)
    weights.set(
      best.map(e => Math.exp(row[e]! - largest) / sum),
      r * perRow,
    )
  }
  return { experts: kept, weights }
}

/** A choice of experts with its tensors. */
export function prepareRouteExperts(
  device: Device,
  { rows, experts, perRow, normalised, tileRows }: RouteShape,
  variant: (typeof routeExpertsVariants)[number],
) {
  return prepareKernel(
    device,
    {
      logits: ['f32', [rows, experts]],
      experts: ['u32', [rows, perRow]],
      weights: ['f32', [rows, perRow]],
      list: ['u32', [expertListWords(rows * perRow)]],
    },
    (recorder, { logits, ...routes }) =>
      void routeExperts(recorder, logits, routes, normalised, tileRows, variant),
  )
}

/** Logits of which some are equal, so that ties are met. */
export function routerLogits(random: Random, count: number): Float32Array<ArrayBuffer> {
  return random.normals(count, 2).map(number => (random.integer(3) === 0 ? Math.round(number) : number))
}

/** The pairs of a list by their expert, a pair's place among its expert's being the device's own, and its tiles. */
export function readTiles(list: Uint32Array, pairs: number) {
  const tiles: { expert: number; pairs: number[] }[] = []
  for (let at = pairs; at + 2 < list.length; at += 3) {
    const [first = 0, end = 0, expert = 0] = list.subarray(at, at + 3)
    if (end > first) tiles.push({ expert, pairs: [...list.subarray(first, end)] })
  }
  return tiles
}

/** Experts to the bit, weights, and every pair in a tile of its expert that is no larger than it may be. */
export const routeExpertsCases = kernelCases('route-experts', routeExpertsShapes, {
  variants: routeExpertsVariants,
  prepare: prepareRouteExperts,
  async check(device, shape, variant) {
    const { rows, experts, perRow, tileRows } = shape
    const logits = routerLogits(new Random(41), rows * experts)
    const expected = routeExpertsReference(logits, shape)
    const prepared = await prepareRouteExperts(device, shape, variant)
    const found = await runPrepared(device, prepared, { logits }, 'experts', 'weights', 'list')
    const tolerance = { absolute: 1e-7, relative: 1e-5 }
    const comparisons: Comparison[] = [
      compareBits('experts', new Uint32Array(found.experts), expected.experts),
      compareClose('weights', new Float32Array(found.weights), expected.weights, tolerance),
    ]
    if (tileRows === 1) return comparisons
    const pairs = rows * perRow
    const tiles = readTiles(new Uint32Array(found.list), pairs)
    const expertOfPair = new Uint32Array(pairs).fill(experts)
    for (const tile of tiles) for (const pair of tile.pairs) expertOfPair[pair] = tile.expert
    const sizes = Array.from({ length: experts }, (_, e) => expected.experts.filter(one => one === e).length)
    const fewest = sizes.reduce((sum, size) => sum + Math.ceil(size / tileRows), 0)
    const largest = Math.max(...tiles.map(tile => tile.pairs.length))
    return [
      ...comparisons,
      compareBits('expert of each pair by tile', expertOfPair, expected.experts),
      compareBits('tiles', [tiles.length, Math.max(largest, tileRows)], [fewest, tileRows]),
    ]
  },
})
