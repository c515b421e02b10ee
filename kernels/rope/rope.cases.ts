import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose, kernelTolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { viewTensor } from '../gpu/tensor.ts'
import { headSquares, rope } from './rope.ts'

/** Of a shape; positions and slots lie so far apart in their buffer. */
const mostRows = 64

interface RopeShape {
  rows: number
  queryHeads: number
  keyValueHeads: number
  width: number
  /** Positions of the table and of each of the `rows` slots of the cache. */
  capacity: number
  theta: number
  /** Pairs of a head that turn, where not all do. */
  pairs?: number
  /** Places of a slot, where fewer than positions. */
  places?: number
  /** What queries and keys pass through first. */
  norm?: 'head' | 'full'
}

const ropeShapes = [
  { name: 'one pair of pairs', rows: 1, queryHeads: 1, keyValueHeads: 1, width: 4, capacity: 5, theta: 1e4 },
  { name: 'odd', rows: 5, queryHeads: 3, keyValueHeads: 1, width: 12, capacity: 37, theta: 1e6 },
  { name: '0.5B heads', rows: 7, queryHeads: 14, keyValueHeads: 2, width: 64, capacity: 130, theta: 1e6 },
  { name: '7B heads', rows: 4, queryHeads: 28, keyValueHeads: 4, width: 128, capacity: 600, theta: 1e6 },
  { name: 'widest', rows: 3, queryHeads: 2, keyValueHeads: 2, width: 256, capacity: 65, theta: 1e4 },
] as const

const otherShapes = [
  {
    name: 'part of a head',
    rows: 5,
    queryHeads: 3,
    keyValueHeads: 2,
    width: 16,
    pairs: 6,
    capacity: 37,
    theta: 1e4,
  },
  { name: 'no turn', rows: 4, queryHeads: 3, keyValueHeads: 1, width: 12, pairs: 0, capacity: 9, theta: 1e4 },
  {
    name: 'a ring of places',
    rows: 5,
    queryHeads: 2,
    keyValueHeads: 1,
    width: 8,
    capacity: 37,
    places: 7,
    theta: 1e4,
  },
  {
    name: 'heads normalised',
    rows: 5,
    queryHeads: 5,
    keyValueHeads: 1,
    width: 36,
    capacity: 37,
    theta: 1e6,
    norm: 'head',
  },
  {
    name: 'widest heads normalised',
    rows: 3,
    queryHeads: 4,
    keyValueHeads: 1,
    width: 256,
    capacity: 65,
    theta: 1e6,
    norm: 'head',
  },
  {
    name: 'normalised, part of a head',
    rows: 3,
    queryHeads: 2,
    keyValueHeads: 2,
    width: 20,
    pairs: 4,
    capacity: 9,
    theta: 1e4,
    norm: 'head',
  },
  {
    name: 'normalised, no turn',
    rows: 3,
    queryHeads: 2,
    keyValueHeads: 1,
    width: 20,
    pairs: 0,
    capacity: 9,
    theta: 1e4,
    norm: 'head',
  },
  {
    name: 'all heads normalised at once',
    rows: 5,
    queryHeads: 5,
    keyValueHeads: 3,
    width: 16,
    capacity: 37,
    theta: 5e5,
    norm: 'full',
  },
] as const

const epsilon = 1e-6

/** Radians of pair i of a head at a position. */
const angle = (position: number, i: number, pairs: number, theta: number) => position * theta ** (-i / pairs)

/** One head rotated by its position, float64: pairs (i, i + pairs) turn, what lies behind them passes through. */
function ropeReference(
  head: ArrayLike<number>,
  position: number,
  theta: number,
  pairs: number,
): Float64Array {
  const out = Float64Array.from(head)
  for (let i = 0; i < pairs; i++) {
    const [cos, sin] = [
      Math.cos(angle(position, i, pairs, theta)),
      Math.sin(angle(position, i, pairs, theta)),
    ]
    out[i] = head[i]! * cos - head[i + pairs]! * sin
    out[i + pairs] = head[i + pairs]! * cos + head[i]! * sin
  }
  return out
}

/** The table of these angles, each place p that of position p. */
function tableOf({ capacity, width, pairs = width / 2, theta }: RopeShape): Float32Array<ArrayBuffer> {
  const turns = Array.from({ length: capacity * pairs }, (_, at) => {
    const radians = angle(Math.floor(at / pairs), at % pairs, pairs, theta)
    return [Math.cos(radians), Math.sin(radians)]
  })
  return new Float32Array(turns.flat())
}

/** A rotation with its tensors; all rows stand at position 0 of slot 0 until others are uploaded. */
export function prepareRope(device: Device, shape: RopeShape) {
  const { rows, queryHeads, keyValueHeads, width, capacity, pairs = width / 2, norm } = shape
  const places = shape.places ?? capacity
  return prepareKernel(
    device,
    {
      qkv: ['f32', [rows, (queryHeads + 2 * keyValueHeads) * width]],
      places: ['u32', [2, mostRows]],
      table: ['f32', [capacity, pairs, 2], tableOf(shape)],
      weight: ['f32', [(norm === 'full' ? queryHeads + keyValueHeads : 2) * width]],
      sums: ['f32', [rows, 2]],
      q: ['f32', [rows, queryHeads, width]],
      keys: ['f32', [rows, keyValueHeads, width / 4, places, 4]],
      values: ['f32', [rows, keyValueHeads, places, width]],
    },
    (recorder, { qkv, places: ofRows, table, weight, sums, q, keys, values }) => {
      if (norm === 'full') {
        const keyHeads = { first: 0, count: keyValueHeads }
        headSquares(recorder, qkv, { width, queryHeads, keyHeads }, sums)
      }
      const positions = viewTensor(ofRows, [rows])
      const slots = { ...positions, offsetBytes: mostRows * 4 }
      const turns = pairs === 0 ? null : { table, places: positions }
      rope(recorder, {
        ...{ qkv, positions, slots, turns, q, cache: { keys, values } },
        norm: norm
          ? { weight, epsilon, full: norm === 'full' ? { sums, queryHeads, keyHeads: keyValueHeads } : null }
          : null,
      })
    },
  )
}

/** What the cache holds before: what is left of it shows that no other place was written. */
const before = 7

/** Rotated queries, and a cache in which only the rows' own places have changed. */
export const ropeCases = kernelCases('rope', ropeShapes, {
  prepare: prepareRope,
  checkedShapes: [...ropeShapes, ...otherShapes],
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
  const { rows, queryHeads, keyValueHeads, width, capacity, theta, pairs = width / 2, norm } = shape
  const places = shape.places ?? capacity
  const heads = queryHeads + 2 * keyValueHeads
  const random = new Random(31)
  const qkv = random.normals(rows * heads * width)
  const weight = random.normals((norm === 'full' ? queryHeads + keyValueHeads : 2) * width)
  const cacheSize = rows * keyValueHeads * places * width
  const inputs = {
    qkv,
    weight,
    places: new Uint32Array(2 * mostRows),
    keys: new Float32Array(cacheSize).fill(before),
    values: new Float32Array(cacheSize).fill(before),
  }
  inputs.places.set(positions)
  inputs.places.set(slots, mostRows)
  const found = await runPrepared(device, await prepareRope(device, shape), inputs, 'q', 'keys', 'values')
  const q: number[] = []
  const keys = new Float64Array(cacheSize).fill(before)
  const values = new Float32Array(cacheSize).fill(before)
  /** Heads of a row, by their number, normalised as the shape asks: heads from `first` on are of one kind. */
  const normed = (row: number, head: number, first: number, count: number): Float64Array => {
    const at = (row * heads + head) * width
    const numbers = Float64Array.from(qkv.subarray(at, at + width))
    if (!norm) return numbers
    const from = norm === 'full' ? (row * heads + first) * width : at
    const over = qkv.subarray(from, from + (norm === 'full' ? count * width : width))
    const mean = over.reduce((sum, value) => sum + value ** 2, 0) / over.length
    const firstWeight = (norm === 'full' ? head : first === 0 ? 0 : 1) * width
    return numbers.map((value, d) => (value / Math.sqrt(mean + epsilon)) * weight[firstWeight + d]!)
  }
  positions.forEach((position, row) => {
    const place = position % places
    for (let h = 0; h < queryHeads; h++)
      q.push(...ropeReference(normed(row, h, 0, queryHeads), position, theta, pairs))
    for (let h = 0; h < keyValueHeads; h++) {
      const cacheHead = slots[row]! * keyValueHeads + h
      const key = normed(row, queryHeads + h, queryHeads, keyValueHeads)
      ropeReference(key, position, theta, pairs).forEach((value, d) => {
        keys[((cacheHead * (width / 4) + Math.floor(d / 4)) * places + place) * 4 + (d % 4)] = value
      })
      const value = (row * heads + queryHeads + keyValueHeads + h) * width
      values.set(qkv.subarray(value, value + width), (cacheHead * places + place) * width)
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
