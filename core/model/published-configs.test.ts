import { describe, expect, it } from 'vitest'
import { layout } from './layout.ts'
import { publishedConfig, publishedConfigNames } from './published-configs.ts'

const parameters = (name: string) =>
  layout(publishedConfig(name)!).reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  )

describe('publishedConfig', () => {
  it.each([
    ['qwen2.5-0.5b', 494_032_768],
    ['qwen2.5-1.5b', 1_543_714_304],
    ['qwen2.5-3b', 3_085_938_688],
    ['qwen2.5-7b', 7_615_616_512],
    ['qwen2.5-14b', 14_770_033_664],
    ['qwen2.5-32b', 32_763_876_352],
    ['qwen2.5-72b', 72_706_203_648],
    ['qwen3-8b', 8_190_735_360],
    ['qwen3-30b-a3b', 30_532_122_624],
    ['llama-3.2-1b', 1_235_814_400],
    ['llama-3.1-8b', 8_030_261_248],
    ['llama-3.1-70b', 70_553_706_496],
    ['mistral-7b', 7_248_023_552],
    ['mixtral-8x7b', 46_702_792_704],
    ['gemma-2-9b', 9_241_705_984],
    ['gemma-3-1b', 999_885_952],
  ])('gives %s the parameters of its published checkpoint', (name, count) => {
    expect(parameters(name)).toBe(count)
  })

  it('knows every key of every model, whatever the case of the name', () => {
    for (const name of publishedConfigNames)
      expect(publishedConfig(name.toUpperCase())!.warnings, name).toBeUndefined()
    expect(publishedConfig('Qwen2.5-7B')).toEqual(publishedConfig('qwen2.5-7b'))
    expect(publishedConfig('qwen2.5-7b')).toMatchObject({
      heads: 28,
      keyValueHeads: 4,
      headDim: 128,
      ropes: [{ theta: 1e6, width: 128, scaling: null }],
      eosTokenIds: [151645],
      tieWordEmbeddings: false,
      dtype: 'bf16',
    })
  })

  it('has none of another name', () => {
    expect(publishedConfig('qwen2.5-8b')).toBeNull()
    expect(publishedConfig('toString')).toBeNull()
  })
})
