import { checkCases } from '../gpu/check.ts'
import { compareBits, compareClose, kernelTolerance } from '../gpu/compare.ts'
import type { Device } from '../gpu/device.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareRope, type RopeShape } from './rope.bench.ts'
import { ropeReference, ropeShapes } from './rope.reference.ts'

/** What the cache holds before: what is left of it shows that no other place was written. */
const before = 7

/** Rotated queries, and a cache in which only the rows' own places have changed. */
export const ropeChecks = checkCases('rope', ropeShapes, (device, shape) => {
  // Slots in reverse, so that a mix-up of row and slot shows; the first and the last position among them.
  const positions = Array.from({ length: shape.rows }, (_, row) =>
    Math.round(((shape.capacity - 1) * row) / Math.max(1, shape.rows - 1)),
  )
  const slots = positions.map((_, row) => shape.rows - 1 - row)
  return checkRope(device, shape, positions, slots)
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
