import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../test/support/encode-safetensors.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import { InputError } from '../input-error.ts'
import { checkTensors, openCheckpoint, weightBytes } from './checkpoint.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { layout } from './layout.ts'

const config = parseConfig(
  {
    model_type: 'qwen2',
    vocab_size: 11,
    hidden_size: 24,
    intermediate_size: 40,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 8,
  },
  'config.json',
)
const tied: ModelConfig = { ...config, tieWordEmbeddings: true }

function entriesOf(changed: Record<string, number[]> = {}): Map<string, TensorEntry> {
  const source = memoryByteSource(new Uint8Array(0))
  const entries = layout(config).map(({ name, shape }): [string, TensorEntry] => [
    name,
    { name, dtype: 'f32', shape: changed[name] ?? shape, source, start: 0, byteLength: 0 },
  ])
  return new Map(entries)
}

describe('checkTensors', () => {
  it('accepts what is expected, and a stray lm_head of a tied model', () => {
    checkTensors(config, entriesOf(), 'folder')
    checkTensors(tied, entriesOf(), 'folder')
  })

  it('names a missing tensor', () => {
    const entries = entriesOf()
    entries.delete('model.layers.1.mlp.up_proj.weight')
    const check = () => checkTensors(config, entries, 'folder')
    expect(check).toThrow(InputError)
    expect(check).toThrow(
      'folder: tensor model.layers.1.mlp.up_proj.weight is missing: expected 27 tensors, found 26',
    )
  })

  it.each<[string, (name: string) => string, RegExp]>([
    [
      'base_model.model.',
      name => `base_model.model.${name}`,
      /found base_model\.model\.model\.embed_tokens\.weight: all 27 have "base_model\.model\." before their names, as PEFT .*merge_and_unload/,
    ],
    [
      'model.language_model.',
      name => name.replace(/^model\./, 'model.language_model.'),
      /26 of them have "model\.language_model\." .* a model of images and text/,
    ],
    [
      'language_model.',
      name => `language_model.${name}`,
      /all 27 have "language_model\." .* images and text/,
    ],
    [
      'nothing',
      name => name.replace(/^model\./, ''),
      /found embed_tokens\.weight, without "model\." before it, as a model that was saved without its head/,
    ],
    [
      'policy.',
      name => `policy.${name}`,
      /all 27 have "policy\." before their names, as something put around/,
    ],
  ])('says what stands before all names: %s', (_, rename, message) => {
    const entries = new Map([...entriesOf()].map(([name, entry]) => [rename(name), entry]))
    const check = () => checkTensors(config, entries, 'folder')
    expect(check).toThrow(InputError)
    expect(check).toThrow(
      /^folder: tensor model\.embed_tokens\.weight is missing, with 2\d more: expected 27/,
    )
    expect(check).toThrow(message)
  })

  it.each([
    ['language_model.', (name: string) => `language_model.${name}`],
    ['model.language_model.', (name: string) => name.replace(/^model\./, 'model.language_model.')],
  ])('finds the text half of a model of images and text behind %s', async (_, rename) => {
    const text = { ...config, family: 'gemma3' }
    const header: Record<string, object> = {}
    let end = 0
    for (const { name, whole } of [...layout(text), { name: 'vision_tower.patch.weight', whole: [1] }]) {
      const bytes = whole.reduce((product, size) => product * size, 4)
      header[rename(name)] = { dtype: 'F32', shape: whole, data_offsets: [end, end + bytes] }
      end += bytes
    }
    const file = memoryByteSource(encodeSafetensors(header, new Uint8Array(end)))
    const open = async (name: string) => (name === 'model.safetensors' ? file : null)
    const files = { name: 'folder', open }
    const { entries } = await openCheckpoint(files, text)
    for (const { name } of layout(text)) expect(entries.has(name), name).toBe(true)
    // What sees is of no use here.
    expect(weightBytes(text, entries)).toBe(end - 4)
  })

  it.each([[[24, 40, 1]], [[40, 24]], [[]]])('names a tensor of shape %j', shape => {
    const check = () =>
      checkTensors(config, entriesOf({ 'model.layers.0.mlp.down_proj.weight': shape }), 'folder')
    expect(check).toThrow(InputError)
    expect(check).toThrow(`model.layers.0.mlp.down_proj.weight is [${shape.join(', ')}], expected [24, 40]`)
  })
})
