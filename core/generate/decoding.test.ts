import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import {
  type AskedDecoding,
  beamsOf,
  chooseDecoding,
  decodingFlagsOf,
  describeDecoding,
  furtherDecoding,
  readStatedDecoding,
  samplingOf,
} from './decoding.ts'

describe('chooseDecoding', () => {
  it('takes the likeliest token and nothing else by default', () => {
    const { decoding, sources } = chooseDecoding({})
    expect(decoding).toEqual({
      temperature: 0,
      topK: null,
      topP: null,
      minP: null,
      repetitionPenalty: 1,
      numBeams: 1,
      lengthPenalty: null,
    })
    expect(sources).toEqual({})
    expect(samplingOf(decoding, 5)).toEqual({ temperature: 0, seed: 5 })
    expect(beamsOf(decoding)).toBeNull()
  })

  it('puts flags before the file, and says where each setting comes from', () => {
    const file = { temperature: 0.7, topK: 20, topP: 0.8, repetitionPenalty: 1.05 }
    const { decoding, sources } = chooseDecoding({ topP: 0.5, minP: 0.1, topK: undefined }, file)
    expect(decoding).toMatchObject({
      temperature: 0.7,
      topK: 20,
      topP: 0.5,
      minP: 0.1,
      repetitionPenalty: 1.05,
    })
    expect(sources).toEqual({
      temperature: 'generation_config.json',
      topK: 'generation_config.json',
      topP: 'flag',
      minP: 'flag',
      repetitionPenalty: 'generation_config.json',
    })
  })

  it("drops the file's filters where a flag asks for the likeliest token", () => {
    const { decoding, sources } = chooseDecoding({ temperature: 0 }, { temperature: 0.7, topK: 20 })
    expect(decoding).toMatchObject({ temperature: 0, topK: null })
    expect(sources).toEqual({ temperature: 'flag' })
  })

  it('lets a flag ask for no filter, with or without one in the file', () => {
    expect(chooseDecoding({ topK: null })).toEqual(chooseDecoding({}))
    expect(chooseDecoding({ temperature: 1, topK: null })).toEqual(chooseDecoding({ temperature: 1 }))
    const { decoding, sources } = chooseDecoding({ topK: null }, { temperature: 1, topK: 50 })
    expect(decoding.topK).toBeNull()
    expect(sources).toEqual({ temperature: 'generation_config.json', topK: 'flag' })
  })

  it('gives beams a length penalty of 1', () => {
    const { decoding } = chooseDecoding({ numBeams: 4 })
    expect(beamsOf(decoding)).toEqual({ count: 4, lengthPenalty: 1 })
    expect(beamsOf(chooseDecoding({ numBeams: 4, lengthPenalty: -2 }).decoding)).toEqual({
      count: 4,
      lengthPenalty: -2,
    })
  })

  it.each<[AskedDecoding, AskedDecoding, RegExp]>([
    [{ topK: 5 }, {}, /--top-k 5: has no effect at temperature 0.*add --temperature X/],
    [{ topP: 0.5, temperature: 0 }, {}, /--top-p 0.5: has no effect/],
    [{ minP: 0.5 }, {}, /--min-p 0.5: has no effect/],
    [{ lengthPenalty: 2 }, {}, /--length-penalty 2: has no effect without beam search/],
    [{ numBeams: 3, temperature: 0.5 }, {}, /--num-beams 3: .* found temperature 0.5/],
    [{ numBeams: 3 }, { temperature: 0.7 }, /--num-beams 3: .* use --temperature 0/],
    [{}, { numBeams: 2, temperature: 0.7 }, /--num-beams 2/],
    [{ numBeams: 2, topK: 4 }, {}, /--top-k 4: has no effect/],
  ])('refuses %j with %j in the file', (flags, file, message) => {
    expect(() => chooseDecoding(flags, file)).toThrow(InputError)
    expect(() => chooseDecoding(flags, file)).toThrow(message)
  })
})

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

describe('describeDecoding', () => {
  it('says which texts end an answer, where there are any', () => {
    const greedy = { temperature: 0, maxNewTokens: 9, seed: 0 }
    expect(describeDecoding(greedy)).toBe('greedy, at most 9 new tokens')
    expect(describeDecoding({ ...greedy, stopTexts: ['####', '\n\n'], samples: 1 })).toBe(
      'greedy, at most 9 new tokens, up to "####" or "\\n\\n", 1 answer a problem',
    )
  })
})

it('names settings that are not the defaults as flags, and as Transformers does', () => {
  const { decoding } = chooseDecoding({ temperature: 0.7, topK: 20, topP: 1, repetitionPenalty: 1.05 })
  expect(decodingFlagsOf(decoding)).toEqual([
    ...['--temperature 0.7', '--top-k 20', '--top-p 1', '--repetition-penalty 1.05'],
  ])
  expect(furtherDecoding(decoding)).toEqual({ top_k: 20, top_p: 1, repetition_penalty: 1.05 })
  const beams = chooseDecoding({ numBeams: 3 }).decoding
  expect(decodingFlagsOf(beams)).toEqual(['--num-beams 3', '--length-penalty 1'])
  expect(furtherDecoding(beams)).toEqual({ num_beams: 3, length_penalty: 1 })
  expect(decodingFlagsOf({ temperature: 0 })).toEqual([])
  expect(furtherDecoding({ temperature: 0, numBeams: null })).toEqual({})
})
