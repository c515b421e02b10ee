import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { attention, attentionSplits, createAttentionScratch, createHeadGroups } from './attention.ts'

/** Sizes of an attention: one row at each of these positions, each in a cache slot of its own. */
export interface AttentionShape {
  heads: number
  keyValueHeads: number
  width: number
  capacity: number
  positions: readonly number[]
  /** Slots of the cache, where there are more than rows. */
  slotCount?: number
  /** 1 / √width unless given. */
  scale?: number
  /** Null unless given. */
  cap?: number
  window?: number
}

/** Shapes to test and time: rows of sequences that end at these positions, each in a cache slot of its own. */
export const attentionShapes: readonly (AttentionShape & { name: string })[] = [
  { name: 'one key', heads: 1, keyValueHeads: 1, width: 4, capacity: 1, positions: [0] },
  { name: 'odd heads, first keys', heads: 3, keyValueHeads: 1, width: 12, capacity: 9, positions: [0, 3, 8] },
  { name: 'wide group', heads: 20, keyValueHeads: 2, width: 20, capacity: 70, positions: [69, 63, 64] },
  {
    name: '0.5B heads',
    heads: 14,
    keyValueHeads: 2,
    width: 64,
    capacity: 200,
    positions: [199, 0, 127, 128],
  },
  { name: '7B heads', heads: 28, keyValueHeads: 4, width: 128, capacity: 300, positions: [299, 40] },
  { name: '7B heads, rank of 8', heads: 4, keyValueHeads: 1, width: 128, capacity: 1024, positions: [1023] },
  { name: 'widest', heads: 2, keyValueHeads: 2, width: 256, capacity: 130, positions: [129, 5] },
  {
    name: 'caps and a scale',
    heads: 6,
    keyValueHeads: 3,
    width: 24,
    capacity: 200,
    positions: [199, 7, 0],
    scale: 1 / 6,
    cap: 1.5,
  },
  {
    // Windows that end and begin at, before and behind the edges of splits and tiles, gone round the cache or not yet.
    name: 'windows',
    heads: 5,
    keyValueHeads: 1,
    width: 20,
    capacity: 203,
    positions: [0, 129, 130, 139, 140, 202, 203, 267, 268, 269, 395, 406, 5000],
    window: 140,
  },
  {
    name: 'short windows',
    heads: 3,
    keyValueHeads: 3,
    width: 12,
    capacity: 64,
    positions: [0, 15, 16, 63, 64, 71, 127, 128, 143, 9999],
    window: 16,
    cap: 50,
  },
  {
    name: 'windows of one',
    heads: 2,
    keyValueHeads: 1,
    width: 4,
    capacity: 65,
    positions: [1, 64, 300],
    window: 1,
  },
  {
    name: 'Gemma 3 270M heads, a window of 512',
    heads: 4,
    keyValueHeads: 1,
    width: 256,
    capacity: 575,
    positions: [3000, 400, 574],
    scale: 1 / 16,
    window: 512,
  },
]

/** One head's attention in float64, and Σ p |v|, which scales the error bound. keys and values are [count, width]. */
function attentionReference(
  query: ArrayLike<number>,
  keys: ArrayLike<number>[],
  values: ArrayLike<number>[],
  { scale = 1 / Math.sqrt(query.length), cap }: AttentionShape,
): { out: Float64Array; magnitude: Float64Array } {
  const width = query.length
  const scores = keys.map(key => {
    let sum = 0
    for (let d = 0; d < width; d++) sum += query[d]! * key[d]!
    return cap === undefined ? sum * scale : cap * Math.tanh((sum * scale) / cap)
  })
  const largest = Math.max(...scores)
  const weights = scores.map(score => Math.exp(score - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const out = new Float64Array(width)
  const magnitude = new Float64Array(width)
  weights.forEach((weight, j) => {
    for (let d = 0; d < width; d++) {
      out[d] = out[d]! + (weight / total) * values[j]![d]!
      magnitude[d] = magnitude[d]! + (weight / total) * Math.abs(values[j]![d]!)
    }
  })
  return { out, magnitude }
}

/** The variants of the kernel. */
export const attentionVariants = ['split', 'serial'] as const

/** An attention with its tensors. */
export async function prepareAttention(
  device: Device,
  {
    heads,
    keyValueHeads,
    width,
    capacity,
    positions,
    slotCount = positions.length,
    ...shape
  }: AttentionShape,
  variant: (typeof attentionVariants)[number],
) {
  const rows = positions.length
  const lastPosition = Math.max(...positions)
  const { scale = 1 / Math.sqrt(width), cap = null, window = null } = shape
  const splits = attentionSplits(lastPosition + 1, window)
  const scratch = await createAttentionScratch(device, rows, heads, width, splits)
  // Query heads share key-value heads in equal groups.
  const keyValueHeadOfQuery = Array.from({ length: heads }, (_, h) => Math.floor(h / (heads / keyValueHeads)))
  const groups = await createHeadGroups(device, keyValueHeadOfQuery, keyValueHeads)
  return prepareKernel(
    device,
    {
      q: ['f32', [rows, heads, width]],
      keys: ['f32', [slotCount, keyValueHeads, width / 4, capacity, 4]],
      values: ['f32', [slotCount, keyValueHeads, capacity, width]],
      positions: ['u32', [rows], new Uint32Array(positions)],
      slots: ['u32', [rows], Uint32Array.from(positions.keys())],
      out: ['f32', [rows, heads, width]],
    },
    (recorder, { keys, values, ...tensors }) => {
      const cache = { keys, values }
      const use = { ...tensors, cache, groups, scale, cap, window, scratch, lastPosition }
      attention(recorder, use, variant)
    },
    [scratch.sums, scratch.outputs, groups.tensor],
  )
}

/** Random inputs as the kernel wants them, queries of this size, and what float64 makes of them. */
export function attentionInputs(shape: AttentionShape, querySize: number) {
  const { heads, keyValueHeads, width, capacity, positions, window = Number.POSITIVE_INFINITY } = shape
  const random = new Random(3)
  const slots = positions.length
  const q = random.normals(slots * heads * width, querySize)
  const keys = random.normals(slots * keyValueHeads * width * capacity)
  const values = random.normals(slots * keyValueHeads * capacity * width)
  const keyAt = (cacheHead: number, place: number) =>
    Array.from(
      { length: width },
      (_, d) => keys[((cacheHead * (width / 4) + (d >> 2)) * capacity + place) * 4 + (d & 3)]!,
    )
  const valueAt = (cacheHead: number, place: number) =>
    values.subarray((cacheHead * capacity + place) * width, (cacheHead * capacity + place + 1) * width)
  // Rows use the slots in reverse, so that a mix-up of row and slot shows.
  const slotOf = (row: number) => slots - 1 - row
  const expected: number[] = []
  const magnitude: number[] = []
  positions.forEach((position, row) => {
    for (let h = 0; h < heads; h++) {
      const cacheHead = slotOf(row) * keyValueHeads + Math.floor(h / (heads / keyValueHeads))
      const places = Array.from(
        { length: Math.min(position + 1, window) },
        (_, back) => (position - back) % capacity,
      )
      const query = q.subarray((row * heads + h) * width, (row * heads + h + 1) * width)
      const one = attentionReference(
        query,
        places.map(place => keyAt(cacheHead, place)),
        places.map(place => valueAt(cacheHead, place)),
        shape,
      )
      expected.push(...one.out)
      magnitude.push(...one.magnitude)
    }
  })
  return { q, keys, values, slots: positions.map((_, row) => slotOf(row)), expected, magnitude }
}

/** Attention over caches of random keys and values. */
export const attentionCases = kernelCases('attention', attentionShapes, {
  variants: attentionVariants,
  prepare: prepareAttention,
  async check(device, shape, variant) {
    const { q, keys, values, slots, expected, magnitude } = attentionInputs(shape, 1)
    const prepared = await prepareAttention(device, shape, variant)
    const inputs = { q, keys, values, slots: new Uint32Array(slots) }
    const { out } = await runPrepared(device, prepared, inputs, 'out')
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: magnitude }
    return [compareClose('attention', new Float32Array(out), expected, tolerance)]
  },
})
