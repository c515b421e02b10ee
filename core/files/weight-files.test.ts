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
const open = (files: Record<string, Uint8Array>, isNeeded?: (name: string) => boolean) =>
  openWeights(
    {
      name: 'folder',
      open: async name => {
        const bytes = files[name]
        return bytes ? memoryByteSource(bytes, `folder/${name}`) : null
      },
    },
    isNeeded,
  )
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
    ['torch.compile', '_orig_mod.model.a', 'model.a'],
    ['torch.compile of a part', 'model._orig_mod.a', 'model.a'],
    ['DataParallel', 'module.model.a', 'model.a'],
    ['both', 'module._orig_mod.model.a', 'model.a'],
    ['both, the other way round', '_orig_mod.module.model.a', 'model.a'],
  ])('names tensors as the model does: %s', async (_, inFile, name) => {
    for (const files of [
      { 'model.safetensors': shard(inFile, 'b') },
      {
        [indexFile]: index({ [inFile]: '1.safetensors', b: '1.safetensors' }),
        '1.safetensors': shard(inFile, 'b'),
      },
    ]) {
      const entries = await open(files)
      expect([...entries.keys()]).toEqual([name, 'b'])
      expect(entries.get(name)).toMatchObject({ name, start: expect.any(Number), byteLength: 4 })
    }
  })

  it('leaves out a tensor of another format that nobody needs, in shards too', async () => {
    const masked = encodeSafetensors(
      { a: tensor, '_orig_mod.mask': { dtype: 'I64', shape: [1], data_offsets: [4, 12] } },
      new Uint8Array(12),
    )
    const shards = { a: '1.safetensors', '_orig_mod.mask': '1.safetensors', gone: '1.safetensors' }
    for (const files of [
      { 'model.safetensors': masked },
      { [indexFile]: index(shards), '1.safetensors': masked },
    ]) {
      expect([...(await open(files, name => name === 'a')).keys()]).toEqual(['a'])
      await expect(open(files, name => name !== 'gone')).rejects.toThrow(/tensor _orig_mod\.mask: dtype I64/)
    }
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
    [
      'an index that is a Git LFS pointer',
      { [indexFile]: new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n') },
      /index\.json: is a Git LFS pointer, expected the file that it stands for/,
    ],
    [
      'two tensors of one name',
      { 'model.safetensors': shard('a', '_orig_mod.a') },
      /folder: tensors a and _orig_mod\.a are both a once/,
    ],
    ['an index without a map', { [indexFile]: index(null) }, /index\.json: weight_map/],
    ['a shard outside the folder', { [indexFile]: index({ a: '../1.safetensors' }) }, /plain name/],
  ])('refuses %s', async (_, files, message) => {
    await expect(open(files)).rejects.toThrow(InputError)
    await expect(open(files)).rejects.toThrow(message)
  })
})
