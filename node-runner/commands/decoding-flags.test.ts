import { beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import { loadTokenizer } from '../models/load-tokenizer.ts'
import { chooseStops, type StopFlags, type StopModel } from './decoding-flags.ts'

let tokenizer: Tokenizer & TokenizerEnds
beforeAll(async () => {
  tokenizer = await loadTokenizer('models/arith-qwen2')
})

/** A fine-tune of a base model: its config has the base model's token. */
const choose = (flags: Partial<StopFlags> = {}, model: Partial<StopModel> = {}) =>
  chooseStops(
    { stopToken: [], stop: [], ignoreEos: false, ...flags },
    {
      stated: { config: [500], generationConfig: null },
      tokenizer,
      usesTemplate: true,
      vocabSize: 512,
      ...model,
    },
  )
const idsOf = (...given: Parameters<typeof choose>) => choose(...given).tokens.map(({ id }) => id)

describe('answers end', () => {
  it("at the model's own tokens", () => {
    expect(choose().tokens).toEqual([
      { id: 500, text: '<|endoftext|>', from: ['config.json'] },
      { id: 502, text: '<|im_end|>', from: ['tokenizer', 'chat template'] },
    ])
    expect(choose({}, { usesTemplate: false }).tokens.at(-1)!.from).toEqual(['tokenizer'])
    expect(idsOf({}, { tokenizer: null })).toEqual([500])
    expect(idsOf({}, { stated: { config: [], generationConfig: null } })).toEqual([])
  })

  it('at tokens that flags name by id or text, in an order of their own', () => {
    const seven = tokenizer.encode('7')[0]!
    expect(idsOf({ stopToken: ['501', '3', '501'] })).toEqual([500, 502, 3, 501])
    expect(idsOf({ stopToken: ['<|im_start|>'] })).toEqual([500, 502, 501])
    // What is a number is an id, also where it is the text of another token.
    expect(idsOf({ stopToken: ['7'] })).toEqual([500, 502, 7])
    expect(seven).not.toBe(7)
    expect(choose({ stopToken: ['502'] }).tokens.at(-1)!.from).toEqual([
      ...['tokenizer', 'chat template', '--stop-token'],
    ])
  })

  it('at texts, and at tokens that leave no text', () => {
    expect(choose({ stop: ['####', '\n\n', '####'] })).toMatchObject({ texts: ['\n\n', '####'] })
    expect(choose({ stop: ['<|im_start|>'] })).toMatchObject({
      tokens: [{ id: 500 }, { id: 502 }, { id: 501, from: ['--stop'] }],
      texts: [],
    })
  })

  it('only where flags say, with --ignore-eos', () => {
    expect(choose({ ignoreEos: true })).toEqual({ tokens: [], texts: [] })
    expect(idsOf({ ignoreEos: true, stopToken: ['502'] })).toEqual([502])
    expect(choose({ ignoreEos: true, stop: ['.'] })).toEqual({ tokens: [], texts: ['.'] })
  })

  it.each<[Partial<StopFlags>, Partial<StopModel>, RegExp]>([
    [{ stopToken: ['512'] }, {}, /--stop-token 512: is not in the vocabulary, expected an id from 0 to 511/],
    [{ stopToken: ['-1'] }, {}, /--stop-token "-1": is the text of no one token/],
    [{ stopToken: ['an apple a day'] }, {}, /of no one token \(of [2-9]\); give .*use --stop for a text/],
    [{ stopToken: [''] }, {}, /--stop-token "": is the text of no one token \(of 0\)/],
    [{ stopToken: ['<|im_end|>'] }, { tokenizer: null }, /no tokenizer to look the text up in; give .* id/],
    [{ stop: [''] }, {}, /--stop "": is empty/],
    [{ stop: ['.'] }, { tokenizer: null }, /--stop "\.": the model has no tokenizer.*--stop-token/],
    [
      { stop: ['\n<|im_end|>'] },
      {},
      /--stop "\\n<\|im_end\|>": holds the special token .* use --stop-token 502/,
    ],
  ])('not as %j asks', (flags, model, message) => {
    expect(() => choose(flags, model)).toThrow(InputError)
    expect(() => choose(flags, model)).toThrow(message)
  })
})
