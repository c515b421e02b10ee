import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { readStatedDecoding } from './generation-config.ts'

describe('readStatedDecoding', () => {
  it("reads what Qwen2.5-7B-Instruct's file asks for", () => {
    const stated = {
      bos_token_id: 151643,
      pad_token_id: 151643,
      do_sample: true,
      eos_token_id: [151645, 151643],
      repetition_penalty: 1.05,
      temperature: 0.7,
      top_p: 0.8,
      top_k: 20,
      transformers_version: '4.37.0',
    }
    expect(readStatedDecoding(stated, 'file')).toEqual({
      decoding: { temperature: 0.7, topK: 20, topP: 0.8, repetitionPenalty: 1.05 },
      ignored: [],
    })
  })

  it('samples only where the file says so', () => {
    const { decoding } = readStatedDecoding(
      { temperature: 0.7, top_k: 20, min_p: 0.1, repetition_penalty: 1.1 },
      'file',
    )
    expect(decoding).toEqual({ temperature: 0, repetitionPenalty: 1.1 })
  })

  it.each([
    [{}, { temperature: 1, topK: 50 }],
    [
      { temperature: 0.6, top_p: 0.9 },
      { temperature: 0.6, topK: 50, topP: 0.9 },
    ],
    [{ top_k: 20 }, { temperature: 1, topK: 20 }],
    [{ top_k: 0, top_p: 1, min_p: 0 }, { temperature: 1 }],
    [{ top_k: -1 }, { temperature: 1 }],
    [{ top_k: null, temperature: null, top_p: null, min_p: null }, { temperature: 1 }],
  ])('samples as Transformers does by its defaults: %j', (stated, expected) => {
    expect(readStatedDecoding({ do_sample: true, ...stated }, 'file').decoding).toEqual(expected)
    expect(readStatedDecoding({ ...stated, do_sample: false }, 'file').decoding).toEqual({ temperature: 0 })
  })

  it('reads beams, takes null for nothing, and names what it ignores', () => {
    const stated = {
      num_beams: 4,
      length_penalty: 0.5,
      temperature: null,
      typical_p: 0.9,
      early_stopping: null,
    }
    expect(readStatedDecoding(stated, 'file')).toEqual({
      decoding: { temperature: 0, numBeams: 4, lengthPenalty: 0.5 },
      ignored: ['typical_p'],
    })
  })

  it.each([
    [{ temperature: 'warm' }, /temperature: expected number/],
    [{ top_p: 0 }, /top_p/],
    [{ top_p: 1.5 }, /top_p/],
    [{ min_p: 1 }, /min_p/],
    [{ top_k: 1.5 }, /top_k/],
    [{ top_k: -2 }, /top_k/],
    [{ repetition_penalty: 0 }, /repetition_penalty/],
    [{ repetition_penalty: 1e50 }, /repetition_penalty/],
    [{ temperature: 1e-50 }, /temperature/],
    [{ temperature: 101 }, /temperature: expected 0 or from 0\.000001 to 100/],
    [{ length_penalty: 1e9 }, /length_penalty/],
    [{ num_beams: 0 }, /num_beams/],
  ])('refuses %j', (stated, message) => {
    expect(() => readStatedDecoding(stated, 'model/generation_config.json')).toThrow(InputError)
    expect(() => readStatedDecoding(stated, 'model/generation_config.json')).toThrow(message)
    expect(() => readStatedDecoding(stated, 'model/generation_config.json')).toThrow(
      /^model\/generation_config\.json: .*leave out --generation-config/,
    )
  })
})
