import { checkCasesOfVariants } from '../gpu/check.ts'
import { compareClose } from '../gpu/compare.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { type AttentionShape, attentionVariants, prepareAttention } from './attention.bench.ts'
import { attentionReference, attentionShapes } from './attention.reference.ts'

/** Random inputs as the kernel wants them, and what float64 makes of them. */
export function attentionInputs(
  { heads, keyValueHeads, width, capacity, positions }: AttentionShape,
  scale: number,
) {
  const random = new Random(3)
  const slots = positions.length
  const q = random.normals(slots * heads * width, scale)
  const keys = random.normals(slots * keyValueHeads * width * capacity)
  const values = random.normals(slots * keyValueHeads * capacity * width)
  const keyAt = (cacheHead: number, position: number) =>
    Array.from(
      { length: width },
      (_, d) => keys[((cacheHead * (width / 4) + (d >> 2)) * capacity + position) * 4 + (d & 3)]!,
    )
  const valueAt = (cacheHead: number, position: number) =>
    values.subarray((cacheHead * capacity + position) * width, (cacheHead * capacity + position + 1) * width)
  // Rows use the slots in reverse, so that a mix-up of row and slot shows.
  const slotOf = (row: number) => slots - 1 - row
  const expected: number[] = []
  const magnitude: number[] = []
  positions.forEach((position, row) => {
    for (let h = 0; h < heads; h++) {
      const cacheHead = slotOf(row) * keyValueHeads + Math.floor(h / (heads / keyValueHeads))
      const seen = Array.from({ length: position + 1 }, (_, j) => j)
      const query = q.subarray((row * heads + h) * width, (row * heads + h + 1) * width)
      const one = attentionReference(
        query,
        seen.map(j => keyAt(cacheHead, j)),
        seen.map(j => valueAt(cacheHead, j)),
      )
      expected.push(...one.out)
      magnitude.push(...one.magnitude)
    }
  })
  return { q, keys, values, slots: positions.map((_, row) => slotOf(row)), expected, magnitude }
}

/** Attention over caches of random keys and values. */
export const attentionChecks = checkCasesOfVariants(
  'attention',
  attentionShapes,
  attentionVariants,
  async (device, shape, variant) => {
    const { q, keys, values, slots, expected, magnitude } = attentionInputs(shape, 1)
    const prepared = await prepareAttention(device, shape, variant)
    const inputs = { q, keys, values, slots: new Uint32Array(slots) }
    const { out } = await runPrepared(device, prepared, inputs, 'out')
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: magnitude }
    return [compareClose('attention', new Float32Array(out), expected, tolerance)]
  },
)
