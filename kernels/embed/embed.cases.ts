import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { createNoiseWeight, packInto, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import { type WeightDType, weightTensors } from '../pack-weight/pack-weight.ts'
import { embed } from './embed.ts'

const embedShapes = [
  { name: 'width 1', rows: 1, width: 1, vocabulary: 1, dtype: 'f32' },
  { name: 'odd', rows: 5, width: 131, vocabulary: 331, dtype: 'f16' },
  { name: 'odd f32', rows: 3, width: 66, vocabulary: 17, dtype: 'f32' },
  { name: '0.5B width', rows: 16, width: 896, vocabulary: 1000, dtype: 'bf16' },
  { name: '7B width', rows: 7, width: 3584, vocabulary: 512, dtype: 'bf16' },
  { name: '0.5B vocabulary, narrow', rows: 9, width: 8, vocabulary: 151936, dtype: 'bf16' },
  { name: '7B vocabulary, narrow', rows: 9, width: 8, vocabulary: 152064, dtype: 'bf16' },
] as const

/** out[r, d] = table[ids[r], d]. */
function embedReference(ids: ArrayLike<number>, table: ArrayLike<number>, width: number): Float64Array {
  const out = new Float64Array(ids.length * width)
  for (let r = 0; r < ids.length; r++) {
    for (let d = 0; d < width; d++) out[r * width + d] = table[ids[r]! * width + d]!
  }
  return out
}

/** An embedding with its tensors; the ids are spread over the vocabulary. */
export async function prepareEmbed(
  device: Device,
  { rows, width, vocabulary, dtype }: { rows: number; width: number; vocabulary: number; dtype: WeightDType },
) {
  const table = await createNoiseWeight(device, 'table', dtype, vocabulary, width)
  const spread = Uint32Array.from({ length: rows }, (_, row) => Math.floor((row * vocabulary) / rows))
  const prepared = await prepareKernel(
    device,
    { ids: ['u32', [rows], spread], out: ['f32', [rows, width]] },
    (recorder, { ids, out }) => embed(recorder, ids, table, out),
    weightTensors(table),
  )
  return { ...prepared, table }
}

/** The exact numbers of random rows, the table's last among them. */
export const embedCases = kernelCases('embed', embedShapes, {
  prepare: prepareEmbed,
  async check(device, shape) {
    const { rows, width, vocabulary, dtype } = shape
    const random = new Random(25)
    const stored = storedWeight(random, dtype, vocabulary * width, 1)
    const ids = Uint32Array.from({ length: rows }, () => random.integer(vocabulary))
    ids[0] = vocabulary - 1
    const prepared = await prepareEmbed(device, shape)
    await packInto(device, stored, prepared.table)
    const { out } = await runPrepared(device, prepared, { ids }, 'out')
    const expected = new Float32Array(embedReference(ids, stored.values, width))
    return [compareBits('embed', new Float32Array(out), expected)]
  },
})
