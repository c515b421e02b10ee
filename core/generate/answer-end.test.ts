import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerText,
  describeStops,
  emptyTail,
  idsUpToStop,
  modelStops,
  nextTail,
  type StatedEnds,
  type StopTexts,
  stopTokens,
} from './answer-end.ts'

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

/** A tokenizer of pieces of bytes: characters may be split, and pieces hold several. */
const pieces = ['a', 'b', '\n', '\n\n', '##', '.\n', 'é', '😀'].map(text => [
  ...new TextEncoder().encode(text),
])
const vocabulary = [...pieces, ...pieces.flat().map(byte => [byte])]
const decode = (ids: readonly number[]) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids.flatMap(id => vocabulary[id]!)))
const idOf = (text: string) => vocabulary.findIndex(bytes => decode([vocabulary.indexOf(bytes)]) === text)

/** Number of tokens with which a stop text is in the answer; null where it never is. */
function stopsAfter(ids: readonly number[], stops: StopTexts): number | null {
  let tail = emptyTail
  for (const [index, id] of ids.entries()) {
    const next = nextTail(tail, id, stops)
    if (next.isFound) return index + 1
    tail = next.tail
  }
  return null
}

describe('a stop text', () => {
  it.each<[string, string[], string[], number | null]>([
    ['is a token', ['a', '\n\n', 'b'], ['\n\n'], 2],
    ['is spread over tokens', ['a', '\n', '\n', 'b'], ['\n\n'], 3],
    ['is a part of a token', ['a', '\n\n', 'b'], ['\n'], 2],
    ['begins within a token and ends within another', ['a', '.\n', '\n\n', 'b'], ['.\n\n'], 3],
    ['is the earliest of several', ['a', '##', '\n'], ['\n', '##'], 2],
    ['begins anew', ['a', 'a', 'a', 'b'], ['aab'], 4],
    ['is not there', ['a', '\n', 'b', '\n'], ['\n\n', 'ba'], null],
  ])('%s', (_, texts, stops, expected) => {
    expect(stopsAfter(texts.map(idOf), { texts: stops, decode })).toBe(expected)
  })

  it('is found with the token that completes it, however its characters are split', () => {
    const anyIds = fc.array(fc.nat(vocabulary.length - 1), { maxLength: 12 })
    const anyStops = fc.array(fc.constantFrom('\n\n', '##', 'é', '😀', 'ab', 'b\n', '.\n\n'), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(anyIds, anyStops, (ids, texts) => {
        // What is certain of a text is all but a character that may go on.
        const certain = (count: number) => decode(ids.slice(0, count)).replace(/\uFFFD$/, '')
        const expected = ids.findIndex((_, index) => texts.some(stop => certain(index + 1).includes(stop)))
        expect(stopsAfter(ids, { texts, decode })).toBe(expected === -1 ? null : expected + 1)
      }),
      { numRuns: 2000 },
    )
  })
})

it.each<[string[], string, string[]]>([
  [['a', 'b', '\n\n'], '\n\n', ['a', 'b']],
  [['a', '.\n', '\n'], '\n\n', ['a', '.\n']],
  [['\n', '\n'], '\n\n', []],
  [['a', 'b'], '\n\n', ['a', 'b']],
])('the tokens of %j up to %j', (texts, stop, expected) => {
  const ids = idsUpToStop(texts.map(idOf), { texts: [stop], decode })
  expect(ids.map(id => decode([id]))).toEqual(expected)
})
