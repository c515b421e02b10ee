import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { type AskedDecoding, beamsOf, chooseDecoding, samplingOf } from './decoding.ts'

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
