import { describe, expect, it } from 'vitest'
import {
  answerText,
  describeStops,
  endOfTurn,
  eosTokenOf,
  firstBehind,
  modelStops,
  type StatedEnds,
  stopTokens,
} from './stops.ts'

const characters = (ids: readonly number[]) => String.fromCodePoint(...ids)
const ids = (text: string) => Array.from(text, character => character.codePointAt(0)!)
const chat = { eosId: 7, endOfTurnId: () => 8 }
const idsOf = (stated: StatedEnds, ends: Parameters<typeof modelStops>[1]) =>
  stopTokens(modelStops(stated, ends), null).map(({ id }) => id)

describe('where a model ends its answers', () => {
  it.each<[string, StatedEnds, Parameters<typeof modelStops>[1], number[]]>([
    ['its config, tokenizer and template', { config: [5], generationConfig: null }, chat, [5, 7, 8]],
    ['both configs', { config: [5], generationConfig: [6, 4] }, {}, [6, 4, 5]],
    ['all, each once', { config: [7], generationConfig: [8, 7] }, chat, [8, 7]],
    ['the tokenizer where no config says', { config: null, generationConfig: null }, chat, [7, 8]],
    ['no tokenizer', { config: [5], generationConfig: null }, {}, [5]],
    [
      'a tokenizer without any',
      { config: [5], generationConfig: null },
      { eosId: null, endOfTurnId: () => null },
      [5],
    ],
    ['a config of null: nowhere', { config: [], generationConfig: null }, chat, []],
    ['a generation config of null: nowhere', { config: [5], generationConfig: [] }, chat, []],
    ['the generation config before a config of null', { config: [], generationConfig: [6] }, chat, [6, 7, 8]],
  ])('%s', (_, stated, ends, expected) => {
    expect(idsOf(stated, ends)).toEqual(expected)
  })

  it('is said with all who say it', () => {
    const said = modelStops({ config: [65], generationConfig: [66, 65] }, { eosId: 66 })
    const tokens = stopTokens([...said, ['--stop-token', [67]]], id => characters([id]))
    expect(describeStops({ tokens, texts: ['\n\n'] })).toBe(
      'answers end at B 66 (generation_config.json, tokenizer), A 65 (generation_config.json, config.json), ' +
        'C 67 (--stop-token), the text "\\n\\n"',
    )
    expect(describeStops({ tokens: [], texts: [] })).toBe('nothing ends an answer but the limit')
  })
})

describe('endOfTurn', () => {
  const turns = (messages: readonly { role: string; content: string }[], end: string) =>
    messages.map(({ role, content }) => `<s>${role}\n${content}${end}`).join('')

  it.each<[string, string, string[], string | null]>([
    ['right behind', '<end>\n', ['<s>', '<end>'], '<end>'],
    ['behind white space', ' \n <end>', ['<s>', '<end>'], '<end>'],
    ['the first of two', '<end>\n<text>', ['<text>', '<end>'], '<end>'],
    ['the longer of two at one place', '<|end|>', ['<|end', '<|end|>'], '<|end|>'],
    ['none', '\n', ['<s>', '<end>', ''], null],
  ])('finds %s', (_, end, tokens, expected) => {
    expect(endOfTurn(messages => turns(messages, end), tokens)).toBe(expected)
  })

  it('finds none where the template refuses', () => {
    const refuse = () => {
      throw new Error('the last turn must be the user')
    }
    expect(endOfTurn(refuse, ['<end>'])).toBeNull()
    expect(firstBehind('a <end>', 'b', ['<end>'])).toBeNull()
  })
})

it.each([
  [{ eos_token: '</s>' }, '</s>'],
  [{ eos_token: { content: '<|im_end|>', special: true } }, '<|im_end|>'],
  [{ eos_token: null }, null],
  [{}, undefined],
  [{ eos_token: 5 }, undefined],
])('the end of text of %j is %j', (json, expected) => {
  expect(eosTokenOf(json)).toBe(expected)
})

describe('answerText', () => {
  it.each<[string, string, string, string[], string]>([
    ['the token that ended it is left out', 'x = 4.', '.', [], 'x = 4'],
    ['but no other', 'x.y', '.', [], 'x.y'],
    ['a text and what follows', 'x = 4####5', '', ['####'], 'x = 4'],
    ['the first of several', 'ab\n\ncd##', '', ['##', '\n\n'], 'ab'],
    ['nothing', 'x = 4', '', ['####'], 'x = 4'],
    ['all of it', '####', '', ['####'], ''],
    ['no tokens', '', '.', ['####'], ''],
  ])('%s', (_, text, stop, texts, expected) => {
    expect(answerText(characters, ids(text), new Set(ids(stop)), texts)).toBe(expected)
  })
})
