import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose, kernelTolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { rope, ropeTable } from './rope.ts'

const ropeShapes = [
  { name: 'one pair of pairs', rows: 1, queryHeads: 1, keyValueHeads: 1, width: 4, capacity: 5, theta: 1e4 },
  { name: 'odd', rows: 5, queryHeads: 3, keyValueHeads: 1, width: 12, capacity: 37, theta: 1e6 },
  { name: '0.5B heads', rows: 7, queryHeads: 14, keyValueHeads: 2, width: 64, capacity: 130, theta: 1e6 },
  { name: '7B heads', rows: 4, queryHeads: 28, keyValueHeads: 4, width: 128, capacity: 600, theta: 1e6 },
  { name: 'widest', rows: 3, queryHeads: 2, keyValueHeads: 2, width: 256, capacity: 65, theta: 1e4 },
] as const

/** One head rotated by its position, float64: pairs (i, i + width / 2) turn by position · theta^(−2i / width). */
function ropeReference(head: ArrayLike<number>, position: number, theta: number): Float64Array {
  const width = head.length
  const half = width / 2
  const out = new Float64Array(width)
  for (let i = 0; i < half; i++) {
    const angle = position * theta ** ((-2 * i) / width)
    out[i] = head[i]! * Math.cos(angle) - head[i + half]! * Math.sin(angle)
    out[i + half] = head[i + half]! * Math.cos(angle) + head[i]! * Math.sin(angle)
  }
  return out
}

interface RopeShape {
  rows: number
  queryHeads: number
  keyValueHeads: number
  width: number
  /** Positions of the table and of each of the `rows` slots of the cache. */
  capacity: number
  theta: number
}

/** A rotation with its tensors; all rows stand at position 0 of slot 0 until others are uploaded. */
export function prepareRope(
  device: Device,
  { rows, queryHeads, keyValueHeads, width, capacity, theta }: RopeShape,
) {
  return prepareKernel(
    device,
    {
      qkv: ['f32', [rows, (queryHeads + 2 * keyValueHeads) * width]],
      positions: ['u32', [rows]],
      slots: ['u32', [rows]],
      table: ['f32', [capacity, width / 2, 2], ropeTable(width, theta, capacity)],
      q: ['f32', [rows, queryHeads, width]],
      keys: ['f32', [rows, keyValueHeads, width / 4, capacity, 4]],
      values: ['f32', [rows, keyValueHeads, capacity, width]],
    },
    (recorder, { keys, values, ...tensors }) => rope(recorder, { ...tensors, cache: { keys, values } }),
  )
}

/** What the cache holds before: what is left of it shows that no other place was written. */
const before = 7

/** Rotated queries, and a cache in which only the rows' own places have changed. */
export const ropeCases = kernelCases('rope', ropeShapes, {
  prepare: prepareRope,
  check(device, shape) {
    // Slots in reverse, so that a mix-up of row and slot shows; the first and the last position among them.
    const positions = Array.from({ length: shape.rows }, (_, row) =>
      Math.round(((shape.capacity - 1) * row) / Math.max(1, shape.rows - 1)),
    )
    const slots = positions.map((_, row) => shape.rows - 1 - row)
    return checkRope(device, shape, positions, slots)
  },
})

/** Compares queries and the whole cache where rows stand at these positions of these slots. */
export async function checkRope(
  device: Device,
  shape: RopeShape,
  positions: readonly number[],
  slots: readonly number[],
) {
  const { rows, queryHeads, keyValueHeads, width, capacity, theta } = shape
  const heads = queryHeads + 2 * keyValueHeads
  const qkv = new Random(31).normals(rows * heads * width)
  const cacheSize = rows * keyValueHeads * capacity * width
  const inputs = {
    qkv,
    positions: new Uint32Array(positions),
    slots: new Uint32Array(slots),
    keys: new Float32Array(cacheSize).fill(before),
    values: new Float32Array(cacheSize).fill(before),
  }
  const found = await runPrepared(device, await prepareRope(device, shape), inputs, 'q', 'keys', 'values')
  const q: number[] = []
  const keys = new Float64Array(cacheSize).fill(before)
  const values = new Float32Array(cacheSize).fill(before)
  positions.forEach((position, row) => {
    const headAt = (head: number) =>
      qkv.subarray((row * heads + head) * width, (row * heads + head + 1) * width)
    for (let h = 0; h < queryHeads; h++) q.push(...ropeReference(headAt(h), position, theta))
    for (let h = 0; h < keyValueHeads; h++) {
      const cacheHead = slots[row]! * keyValueHeads + h
      ropeReference(headAt(queryHeads + h), position, theta).forEach((value, d) => {
        keys[((cacheHead * (width / 4) + Math.floor(d / 4)) * capacity + position) * 4 + (d % 4)] = value
      })
      values.set(headAt(queryHeads + keyValueHeads + h), (cacheHead * capacity + position) * width)
    }
  })
  const foundKeys = new Float32Array(found.keys)
  const untouched = (numbers: Iterable<number>) =>
    Array.from(numbers).filter(number => number === before).length
  return [
    compareClose('queries', new Float32Array(found.q), q, kernelTolerance),
    compareClose('keys', foundKeys, keys, kernelTolerance),
    compareBits('values', new Float32Array(found.values), values),
    compareBits('places of the cache left as they were', [untouched(foundKeys)], [untouched(keys)]),
  ]
}
