import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyTail, idsUpToStop, nextTail, type StopTexts } from './stop-texts.ts'

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
