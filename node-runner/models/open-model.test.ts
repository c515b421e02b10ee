import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { modelStops } from '../../core/generate/answer-end.ts'
import { InputError } from '../../core/input-error.ts'
import { changedModel, changeHeader } from '../../test/support/change-model.ts'
import { decodeGguf, encodeGguf } from '../../test/support/encode-gguf.ts'
import { createProgress } from '../terminal/progress.ts'
import { openModel, openModelFolder, statedEnds } from './open-model.ts'

const temporary = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

const brokenCopy = (model: string, breakIt: (file: (name: string) => string) => void) =>
  changedModel(temporary, model, breakIt)

const tied = 'test/models/random-tied'
const twoFiles = 'test/models/random-two-files'

const norm = 'model.norm.weight'

describe('openModelFolder', () => {
  it.each([
    ['models/arith-qwen2', 'bf16', 4 * 12 + 3, { config: [502], generationConfig: [502, 500] }],
    ['test/models/random-14-heads', 'f32', 2 * 12 + 3, { config: [], generationConfig: null }],
    [tied, 'f16', 3 * 12 + 2, { config: [], generationConfig: null }],
    [twoFiles, 'bf16', 2 * 12 + 3, { config: [], generationConfig: null }],
  ])('opens %s', async (path, dtype, tensors, ends) => {
    const model = await openModelFolder(path)
    expect(model.weights.size).toBe(tensors)
    expect(new Set([...model.weights.values()].map(entry => entry.dtype))).toEqual(new Set([dtype]))
    expect(model.config.dtype).toBe(dtype)
    expect(statedEnds(model)).toEqual(ends)
    const entry = model.weights.get(norm)!
    expect((await entry.source.slice(entry.start, entry.start + entry.byteLength)).byteLength).toBe(
      entry.byteLength,
    )
    await model.close()
    await expect(entry.source.slice(0, 1)).rejects.toThrow()
  })

  it('reads through what wrapped the model, beside tensors that it has no use for', async () => {
    const [plain, wrapped] = [
      tied,
      brokenCopy(tied, file => {
        const weights = file('model.safetensors')
        changeHeader(weights, header => {
          const end = Math.max(...Object.values(header).map(tensor => tensor.data_offsets?.[1] ?? 0))
          for (const name of Object.keys(header).filter(key => key !== '__metadata__')) {
            header[`_orig_mod.${name}`] = header[name]!
            delete header[name]
          }
          const buffers = { dtype: 'I64', shape: [1, 2] }
          header['_orig_mod.model.position_ids'] = { ...buffers, data_offsets: [end, end + 16] }
          header['masked_bias'] = { dtype: 'BOOL', shape: [], data_offsets: [end + 16, end + 17] }
        })
        appendFileSync(weights, Buffer.alloc(17))
      }),
    ]
    const [one, other] = await Promise.all([openModelFolder(plain), openModelFolder(wrapped)])
    expect([...other.weights.keys()].sort()).toEqual([...one.weights.keys()].sort())
    const bytesOf = ({ weights }: typeof one) => {
      const { source, start, byteLength } = weights.get(norm)!
      return source.slice(start, start + byteLength)
    }
    expect(await bytesOf(other)).toEqual(await bytesOf(one))
    await Promise.all([one.close(), other.close()])
  })

  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 988097824\n'
  it.each([
    ...['config.json', 'generation_config.json', 'model.safetensors'].map(
      (name): [string, () => string, RegExp] => [
        `a Git LFS pointer in the place of ${name}`,
        () => brokenCopy(tied, file => writeFileSync(file(name), pointer)),
        new RegExp(`${name}: is a Git LFS pointer, expected the file of 988097824 bytes .*git lfs pull`),
      ],
    ),
    [
      'names as PEFT writes them',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            for (const name of Object.keys(header).filter(key => key !== '__metadata__')) {
              header[`base_model.model.${name}`] = header[name]!
              delete header[name]
            }
          }),
        ),
      /all 38 have "base_model\.model\." before their names, as PEFT/,
    ],
    ['no such folder', () => join(temporary, 'none'), /no such folder/],
    ['a file', () => 'package.json', /is a file, expected a model folder/],
    [
      'no config.json',
      () => brokenCopy(tied, file => rmSync(file('config.json'))),
      /config\.json is missing/,
    ],
    [
      'a cut config.json',
      () => brokenCopy(tied, file => truncateSync(file('config.json'), 50)),
      /config\.json: expected JSON/,
    ],
    [
      'another architecture',
      () =>
        brokenCopy(tied, file =>
          writeFileSync(
            file('config.json'),
            '{"architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox"}',
          ),
        ),
      /GPTNeoXForCausalLM/,
    ],
    [
      'a broken generation_config.json',
      () => brokenCopy(tied, file => writeFileSync(file('generation_config.json'), '{')),
      /generation_config\.json: expected JSON/,
    ],
    ['no weights', () => brokenCopy(tied, file => rmSync(file('model.safetensors'))), /no weights/],
    [
      'weights that are a folder',
      () =>
        brokenCopy(tied, file => {
          rmSync(file('model.safetensors'))
          cpSync('test/models/random-tied', file('model.safetensors'), { recursive: true })
        }),
      /expected a file/,
    ],
    [
      'weights cut in the header',
      () => brokenCopy(tied, file => truncateSync(file('model.safetensors'), 99)),
      /cut in its header/,
    ],
    [
      'weights cut in the data',
      () => brokenCopy(tied, file => truncateSync(file('model.safetensors'), 788_300)),
      /cut in its data/,
    ],
    [
      'a missing shard',
      () => brokenCopy(twoFiles, file => rmSync(file('model-00002-of-00002.safetensors'))),
      /00002-of-00002\.safetensors is missing/,
    ],
    [
      'overlapping tensors',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            header[norm]!.data_offsets = [0, 192]
          }),
        ),
      /overlap/,
    ],
    [
      'offsets out of range',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            header[norm]!.data_offsets = [10_000_000, 10_000_192]
          }),
        ),
      /tensor model\.norm\.weight: .*end past/,
    ],
    [
      'an unknown dtype',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            header[norm]!.dtype = 'F8_E4M3'
          }),
        ),
      /tensor model\.norm\.weight: dtype F8_E4M3/,
    ],
    [
      'a missing tensor',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            header['model.other'] = header[norm]!
            delete header[norm]
          }),
        ),
      /tensor model\.norm\.weight is missing/,
    ],
    [
      'a wrong shape',
      () =>
        brokenCopy(tied, file =>
          changeHeader(file('model.safetensors'), header => {
            header[norm]!.shape = [48, 2]
          }),
        ),
      /tensor model\.norm\.weight is \[48, 2\], expected \[96\]/,
    ],
  ])('refuses %s', async (_, folder, message) => {
    const path = folder()
    await expect(openModelFolder(path)).rejects.toThrow(InputError)
    await expect(openModelFolder(path)).rejects.toThrow(message)
  })
})

describe('openModel', () => {
  const file = 'test/models/gguf/tiny-qwen3-bf16.gguf'
  const quiet = createProgress(true)
  const folderOf = (...names: string[]) => {
    const folder = mkdtempSync(join(temporary, 'folder-'))
    for (const name of names) cpSync(file, join(folder, name))
    return folder
  }

  it('says of a file in GGUF who ends its answers, and of another file that it is none', async () => {
    const model = await openModel(file, 'auto', quiet)
    await model.close()
    expect(statedEnds(model)).toEqual({ config: [0], generationConfig: null, isGguf: true })
    expect(modelStops(statedEnds(model), {})).toContainEqual(['the GGUF file', [0]])
    await expect(openModel('package.json', 'auto', quiet)).rejects.toThrow(
      /package\.json: is a file, expected .* in \.gguf/,
    )
  })

  it('opens a file in GGUF, and the one that a folder holds', async () => {
    const folder = folderOf('Some-Model.F16.gguf', 'mmproj-F16.gguf', 'README.md')
    for (const [path, name, found] of [
      [file, 'tiny-qwen3-bf16', file],
      [folder, 'Some-Model.F16', join(folder, 'Some-Model.F16.gguf')],
    ] as const) {
      const model = await openModel(path, 'auto', quiet)
      await model.close()
      expect(model).toMatchObject({ path: found, name, revision: null, file: basename(found) })
      expect(model.config).toMatchObject({ family: 'qwen3', queryKeyNorm: 'head' })
      expect(model.weights.size).toBe(4 * 11 + 2)
    }
  })

  it('prefers a folder in the layout of the Hub, and has one of several chosen', async () => {
    const both = brokenCopy(tied, named => cpSync(file, named('other.gguf')))
    const model = await openModel(both, 'auto', quiet)
    await model.close()
    expect(model.file).toBeUndefined()
    await expect(openModel(folderOf('a.gguf', 'b.gguf'), 'auto', quiet)).rejects.toThrow(
      /found a\.gguf, b\.gguf, expected one model in a folder without config\.json; name the file/,
    )
  })

  it('says what a config warns of', async () => {
    const said: string[] = []
    const { metadata, tensors } = await decodeGguf(readFileSync(file))
    const path = join(folderOf(), 'odd.gguf')
    writeFileSync(path, encodeGguf({ ...metadata, 'qwen3.unheard': 'of' }, tensors))
    await (await openModel(path, 'auto', { ...quiet, say: text => void said.push(text) })).close()
    expect(said).toEqual([
      expect.stringMatching(/odd\.gguf: nobody here knows what qwen3\.unheard changes; ignored/),
    ])
  })
})
