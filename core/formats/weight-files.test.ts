import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../test/support/encode-safetensors.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { InputError } from '../input-error.ts'
import { openWeights } from './weight-files.ts'

const tensor = { dtype: 'F32', shape: [1], data_offsets: [0, 4] }
const shard = (...names: string[]) =>
  encodeSafetensors(
    Object.fromEntries(names.map((name, at) => [name, { ...tensor, data_offsets: [at * 4, at * 4 + 4] }])),
    new Uint8Array(names.length * 4),
  )
const index = (weightMap: unknown) => new TextEncoder().encode(JSON.stringify({ weight_map: weightMap }))
const open = (files: Record<string, Uint8Array>) =>
  openWeights({
    name: 'folder',
    open: async name => {
      const bytes = files[name]
      return bytes ? memoryByteSource(bytes, `folder/${name}`) : null
    },
  })
const indexFile = 'model.safetensors.index.json'

describe('openWeights', () => {
  it('opens a single file', async () => {
    expect([...(await open({ 'model.safetensors': shard('a', 'b') })).keys()]).toEqual(['a', 'b'])
  })

  it('takes each tensor from the shard that the index names', async () => {
    const entries = await open({
      [indexFile]: index({ a: '1.safetensors', b: '2.safetensors' }),
      '1.safetensors': shard('a', 'b'),
      '2.safetensors': shard('b', 'unlisted'),
    })
    expect([...entries.keys()]).toEqual(['a', 'b'])
    expect(entries.get('b')?.source.name).toBe('folder/2.safetensors')
  })

  it.each([
    ['no weights', {}, /folder: no weights/],
    ['a missing shard', { [indexFile]: index({ a: '1.safetensors' }) }, /1\.safetensors is missing/],
    [
      'a tensor that its shard does not hold',
      { [indexFile]: index({ a: '1.safetensors', c: '1.safetensors' }), '1.safetensors': shard('a') },
      /tensor c is said to be in 1\.safetensors/,
    ],
    [
      'a broken shard',
      { [indexFile]: index({ a: '1.safetensors' }), '1.safetensors': shard('a').subarray(0, 30) },
      /folder\/1\.safetensors: .*cut in its header/,
    ],
    ['an index that is cut', { [indexFile]: index({}).subarray(0, 9) }, /index\.json: expected JSON/],
    ['an index without a map', { [indexFile]: index(null) }, /index\.json: weight_map/],
    ['a shard outside the folder', { [indexFile]: index({ a: '../1.safetensors' }) }, /plain name/],
  ])('refuses %s', async (_, files, message) => {
    await expect(open(files)).rejects.toThrow(InputError)
    await expect(open(files)).rejects.toThrow(message)
  })
})
