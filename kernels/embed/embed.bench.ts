import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, noiseWords, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { elementCount, uploadTensor } from '../gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, type WeightDType } from '../pack-weight/pack-weight.ts'
import { embedShapes } from './embed.reference.ts'
import { embed } from './embed.ts'

/** An embedding with its tensors; the ids are spread over the vocabulary. */
export async function prepareEmbed(
  device: Device,
  { rows, width, vocabulary, dtype }: { rows: number; width: number; vocabulary: number; dtype: WeightDType },
): Promise<PreparedKernel<'ids' | 'out'> & { table: PackedWeight }> {
  const { tensors, destroy } = await createFilledTensors(device, {
    ids: ['u32', [rows]],
    out: ['f32', [rows, width]],
  })
  const ids = Uint32Array.from({ length: rows }, (_, row) => Math.floor((row * vocabulary) / rows))
  uploadTensor(device, tensors.ids, ids)
  const table = await createPackedWeight(device, 'table', dtype, vocabulary, width)
  uploadTensor(device, table.blocks, noiseWords(dtype, elementCount(table.blocks.shape)))
  return {
    tensors,
    table,
    record: recorder => embed(recorder, tensors.ids, table, tensors.out),
    destroy() {
      destroy()
      device.destroyBuffer(table.blocks.buffer)
    },
  }
}

/** What `entrace bench` times of this kernel. */
export const embedBench = benchCases('embed', embedShapes, prepareEmbed)
