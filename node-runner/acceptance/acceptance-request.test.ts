import { describe, expect, it } from 'vitest'
import { loadTokenizer } from '../models/load-tokenizer.ts'
import { openModel } from '../models/open-model.ts'
import { createProgress } from '../terminal/progress.ts'
import { acceptancePrompts, promptOfIds } from './acceptance-request.ts'

describe('acceptancePrompts', () => {
  it.each([
    ['models/arith-qwen2', 'chat'],
    ['test/models/gguf/tiny-qwen2-q8_0.gguf', 'raw'],
    ['test/models/gguf/tiny-qwen3-bf16.gguf', 'ids'],
    ['test/models/tiny-qwen3', 'ids'],
  ])('asks %s by %s', async (path, how) => {
    const { config, close } = await openModel(path, 'auto', createProgress(true))
    await close()
    const prompts = await acceptancePrompts(path, config)
    expect(prompts).toHaveLength(3)
    const text = 'Compute 37 + 58 - 12.'
    const tokenizer = how === 'ids' ? null : await loadTokenizer(path)
    const expected = {
      chat: () => tokenizer!.encodeChat([{ role: 'user', content: text }]),
      raw: () => tokenizer!.encodeRaw(text),
      ids: () => promptOfIds(config, 2),
    }[how]!()
    expect(prompts[2]).toEqual(expected)
    expect(expected.length).toBeGreaterThan(0)
  })
})
