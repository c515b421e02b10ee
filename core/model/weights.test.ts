import { describe, expect, it } from 'vitest'
import { weightTensors } from '../../kernels/pack-weight/pack-weight.ts'
import { testDevice } from '../../test/support/device.ts'
import { encodeSafetensors } from '../../test/support/encode-safetensors.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { tinyConfig as config } from '../../test/support/tiny-config.ts'
import { loadWhole } from '../../test/support/whole-model.ts'
import type { ByteSource } from '../files/byte-source.ts'
import { openSafetensors } from '../files/safetensors.ts'
import { weightBytes } from './checkpoint.ts'
import { layout } from './layout.ts'

type StoredTensor = { name: string; shape: number[]; dtype?: 'BF16' | 'F32' }

/** A checkpoint of zeros with these tensors. */
function checkpoint(tensors: StoredTensor[]): ByteSource {
  let end = 0
  const header = Object.fromEntries(
    tensors.map(({ name, shape, dtype = 'BF16' }) => {
      const begin = end
      end += shape.reduce((a, b) => a * b, dtype === 'F32' ? 4 : 2)
      return [name, { dtype, shape, data_offsets: [begin, end] }]
    }),
  )
  return memoryByteSource(encodeSafetensors(header, new Uint8Array(end)), 'made.safetensors')
}

describe('loadWeights', () => {
  it('reports every byte that weightBytes announces, tensor by tensor in one order', async () => {
    const device = await testDevice()
    const further = { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', shape: [2] }
    for (const tieWordEmbeddings of [false, true]) {
      const tensors = layout({ ...config, tieWordEmbeddings: false })
      const entries = await openSafetensors(checkpoint([further, ...tensors]))
      const thisConfig = { ...config, tieWordEmbeddings }
      const read: string[][] = []
      for (const _ of [1, 2]) {
        const names: string[] = []
        let bytes = 0
        await loadWhole(device, thisConfig, entries, 'made', (name, _firstRow, _rowBytes, piece) => {
          names.push(name)
          bytes += piece.byteLength
        })
        expect(bytes).toBe(weightBytes(thisConfig, entries))
        read.push(names)
      }
      expect(read[0]).toEqual(read[1])
      expect([...read[0]!].sort()).toEqual(
        layout(thisConfig)
          .map(tensor => tensor.name)
          .sort(),
      )
    }
  })

  it('reads a large tensor in pieces of at most 64 MiB, and keeps only the weights on the device', async () => {
    const device = await testDevice()
    const large = {
      ...config,
      vocabSize: 34_000,
      hiddenSize: 1024,
      heads: 2,
      headDim: 4,
      layers: 1,
      tieWordEmbeddings: true,
    }
    const source = checkpoint(layout(large))
    const reads: number[] = []
    const watched: ByteSource = {
      ...source,
      slice: (start, end = source.byteLength) => {
        reads.push(end - start)
        return source.slice(start, end)
      },
    }
    const entries = await openSafetensors(watched)
    reads.length = 0
    const before = device.counters.allocatedBytes
    const weights = await loadWhole(device, large, entries, 'made')
    expect(Math.max(...reads)).toBeLessThanOrEqual(64 * 2 ** 20)
    expect(reads.filter(size => size > 2 ** 20).length).toBeGreaterThan(1)
    const kept = device.counters.allocatedBytes - before
    expect(kept / weightBytes(large, entries)).toBeGreaterThan(0.99)
    expect(kept / weightBytes(large, entries)).toBeLessThan(1.05)
    expect(weights.lmHead).toBe(weights.embedding)
    for (const { buffer } of weightTensors(weights.embedding)) device.destroyBuffer(buffer)
  })

  it.each([
    ['model.layers.1.self_attn.k_proj.weight', 'qkv', ['bf16 0+8', 'f32 8+4', 'bf16 12+4']],
    ['model.layers.1.mlp.up_proj.weight', 'gateUp', ['bf16 0+5', 'f32 1+5']],
  ] as const)('keeps %s in another type than what it is computed with', async (other, buffer, expected) => {
    const tensors = layout(config).map(tensor => ({
      ...tensor,
      ...(tensor.name === other ? { dtype: 'F32' as const } : {}),
    }))
    const entries = await openSafetensors(checkpoint(tensors))
    const { layers } = await loadWhole(await testDevice(), config, entries, 'made')
    const { pieces } = layers[1]![buffer]!
    expect(pieces.map(({ dtype, firstOutput, outputs }) => `${dtype} ${firstOutput}+${outputs}`)).toEqual(
      expected,
    )
  })

  it('takes norms and biases in another type', async () => {
    const tensors = layout(config).map(tensor => ({
      ...tensor,
      ...(/norm|bias/.test(tensor.name) ? { dtype: 'F32' as const } : {}),
    }))
    const entries = await openSafetensors(checkpoint(tensors))
    const weights = await loadWhole(await testDevice(), config, entries, 'made')
    expect(weights.layers[0]!.qkvBias).toMatchObject({ dtype: 'f32', shape: [(2 + 2) * 4] })
  })

  it('refuses a missing tensor by name before it reads anything', async () => {
    const entries = await openSafetensors(checkpoint(layout(config).slice(0, -1)))
    const onBytes = () => expect.unreachable()
    await expect(loadWhole(await testDevice(), config, entries, 'made', onBytes)).rejects.toThrow(
      /made: tensor lm_head\.weight is missing/,
    )
  })
})
