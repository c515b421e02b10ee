import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  decodeGguf,
  type EncodedTensor,
  type EncodedValue,
  encodeGguf,
} from '../../test/support/encode-gguf.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { InputError } from '../input-error.ts'
import { openGgufTokenizer } from '../tokenizer/gguf-tokenizer.ts'
import { openGgufModel } from './gguf-model.ts'

const name = 'model.gguf'
const open = (metadata: Record<string, EncodedValue>, tensors: readonly EncodedTensor[]) =>
  openGgufModel(
    { name: 'folder', open: async () => memoryByteSource(encodeGguf(metadata, tensors), name) },
    name,
  )

let whole: Awaited<ReturnType<typeof decodeGguf>>
beforeAll(async () => {
  whole = await decodeGguf(readFileSync('test/gguf-cases/ok.gguf'))
})

/** What it says of the whole file with some metadata changed, and some tensors more. */
const messageOf = (changes: Record<string, EncodedValue>, more: readonly EncodedTensor[] = []) =>
  open({ ...whole.metadata, ...changes }, [...whole.tensors, ...more]).then(
    () => 'taken',
    error => (error instanceof InputError ? error.message : `no InputError: ${error}`),
  )

const single = (value: number): EncodedValue => ({
  type: 6,
  bytes: new Uint8Array(new Float32Array([value]).buffer),
})
const minusOne: EncodedValue = { type: 5, bytes: new Uint8Array(new Int32Array([-1]).buffer) }
/** A list of so many bytes. */
function byteList(count: number): EncodedValue {
  const bytes = new Uint8Array(12 + count)
  new DataView(bytes.buffer).setUint32(4, count, true)
  return { type: 9, bytes }
}
const factors = (tensor: string): EncodedTensor => ({
  name: tensor,
  dims: [2],
  type: 0,
  data: new Uint8Array(new Float32Array([1, 2]).buffer),
})

describe('a GGUF file that is made to harm', () => {
  it.each<[string, Record<string, EncodedValue>, RegExp]>([
    ['layers beyond its tensors', { 'llama.block_count': 1024 }, /llama\.block_count is 1024.* 12 tensors/],
    [
      'a size for each of millions of layers',
      { 'llama.feed_forward_length': byteList(2e6) },
      /feed_forward_length is a list of 2000000/,
    ],
    [
      'an odd rotary width',
      { 'llama.rope.dimension_count': 3 },
      /rope\.dimension_count is 3, expected an even/,
    ],
    ['a base of 1', { 'llama.rope.freq_base': 1 }, /rope\.freq_base is 1 .*above 1/],
    ['a scale beyond all numbers', { 'llama.rope.freq_base': single(3e38) }, /rope\.freq_base/],
    [
      'a norm that divides by nothing',
      { 'llama.attention.layer_norm_rms_epsilon': single(1e-38) },
      /layer_norm_rms_epsilon/,
    ],
  ])('is refused for %s', async (_, changes, field) => {
    expect(await messageOf(changes)).toMatch(field)
  })

  it('is refused for more experts than tables are made for', async () => {
    const more = Array.from({ length: 200 }, (_, index) => factors(`blk.1.${index}`))
    const changes = { 'llama.block_count': 200, 'llama.expert_count': 1024, 'llama.expert_used_count': 2 }
    expect(await messageOf(changes, more)).toMatch(/llama\.expert_count is 1024 .* from 1 to 327/)
  })

  it('is refused for factors of long sequences without those of short ones, and the other way round', async () => {
    for (const length of ['long', 'short'])
      expect(await messageOf({}, [factors(`rope_factors_${length}.weight`)])).toMatch(
        new RegExp(`rope_factors_${length}\\.weight alone`),
      )
  })

  it('is served no longer than positions count', async () => {
    const changes = { 'llama.rope.scaling.type': 'yarn', 'llama.rope.scaling.factor': single(1e20) }
    const { config } = await open({ ...whole.metadata, ...changes }, whole.tensors)
    expect(config.maxPositionEmbeddings).toBe(2 ** 31 - 1)
  })

  it('is named on one line, by no more of a name than anybody reads', async () => {
    const long = `llama.a\nb${'c'.repeat(60000)}`
    const { config } = await open({ ...whole.metadata, [long]: 1 }, whole.tensors)
    expect(config.warnings).toHaveLength(1)
    expect(config.warnings![0]).toMatch(/^[^\n]{1,250}$/)
    expect(await messageOf({}, [factors(`x\ny${'z'.repeat(600)}`)])).toMatch(/^[^\n]{1,600}$/)
  })

  it('has no token of an id of -1', async () => {
    const changes = { 'tokenizer.ggml.bos_token_id': minusOne, 'tokenizer.ggml.eos_token_id': 2 ** 32 - 1 }
    const { config, metadata } = await open({ ...whole.metadata, ...changes }, whole.tensors)
    expect([config.bosTokenId, config.eosTokenIds]).toEqual([null, null])
    expect(openGgufTokenizer(metadata).eosId).toBe(null)
  })
})
