import { describe, expect, it } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { TensorEntry } from '../formats/safetensors.ts'
import { InputError } from '../input-error.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { checkTensors, expectedTensors } from './tensor-names.ts'

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
  const entries = expectedTensors(config).map(({ name, shape }): [string, TensorEntry] => [
    name,
    { name, dtype: 'f32', shape: changed[name] ?? shape, source, start: 0, byteLength: 0 },
  ])
  return new Map(entries)
}

describe('expectedTensors', () => {
  it('names 12 tensors a layer, embedding, norm and, untied, lm_head', () => {
    const shapes = new Map(expectedTensors(config).map(({ name, shape }) => [name, shape]))
    expect(shapes.size).toBe(2 * 12 + 3)
    expect(expectedTensors(tied)).toHaveLength(2 * 12 + 2)
    expect(shapes.get('model.embed_tokens.weight')).toEqual([11, 24])
    expect(shapes.get('model.layers.1.self_attn.q_proj.weight')).toEqual([32, 24])
    expect(shapes.get('model.layers.1.self_attn.k_proj.bias')).toEqual([16])
    expect(shapes.get('model.layers.0.self_attn.o_proj.weight')).toEqual([24, 32])
    expect(shapes.get('model.layers.0.mlp.down_proj.weight')).toEqual([24, 40])
    expect(shapes.get('lm_head.weight')).toEqual([11, 24])
  })
})

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

  it.each([[[24, 40, 1]], [[40, 24]], [[]]])('names a tensor of shape %j', shape => {
    const check = () =>
      checkTensors(config, entriesOf({ 'model.layers.0.mlp.down_proj.weight': shape }), 'folder')
    expect(check).toThrow(InputError)
    expect(check).toThrow(`model.layers.0.mlp.down_proj.weight is [${shape.join(', ')}], expected [24, 40]`)
  })
})
