import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayUnits } from './display-units.ts'

/** Texts as a byte-level tokenizer shows them when it cuts the text's bytes after every `sizes[i]` bytes. */
function cutBytes(text: string, sizes: readonly number[]): string[] {
  const bytes = new TextEncoder().encode(text)
  const texts: string[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!
    texts.push(new TextDecoder().decode(bytes.subarray(at, at + size)))
    at += size
  }
  return texts
}

const ids = (texts: readonly unknown[]) => texts.map((_, index) => index)
const shown = (texts: (string | null)[], text: string) =>
  displayUnits(texts, ids(texts), text).map(unit => unit.text)

describe('displayUnits', () => {
  it('joins tokens that share a character and leaves the others alone', () => {
    const texts = ['Hi', ' \uFFFD', '\uFFFD', '中', '!']
    expect(displayUnits(texts, ids(texts), 'Hi é中!')).toEqual([
      { start: 0, end: 1, text: 'Hi', inText: true },
      { start: 1, end: 3, text: ' é', inText: true },
      { start: 3, end: 4, text: '中', inText: true },
      { start: 4, end: 5, text: '!', inText: true },
    ])
  })

  it('shows a stop token as what is not in the text, and a token without text by its id', () => {
    expect(displayUnits(['9', '.', '<|im_end|>', null], [5, 6, 7, 8], '9.')).toEqual([
      { start: 0, end: 1, text: '9', inText: true },
      { start: 1, end: 2, text: '.', inText: true },
      { start: 2, end: 3, text: '<|im_end|>', inText: false },
      { start: 3, end: 4, text: '#8', inText: false },
    ])
  })

  it('shows a character at the end of the text before a stop token', () => {
    expect(shown(['a', '\uFFFD', '\uFFFD', '\uFFFD', '<end>'], 'a😀')).toEqual(['a', '😀', '<end>'])
  })

  it('keeps U+FFFD where the answer itself holds it', () => {
    expect(shown(['a', '\uFFFD', 'b'], 'a\uFFFDb')).toEqual(['a', '\uFFFD', 'b'])
  })

  it('shows tokens of another text as they are', () => {
    expect(shown(['x', ' \uFFFD', 'y'], 'something else')).toEqual(['x', ' \uFFFD', 'y'])
  })

  // Of a character that stands twice beside a cut one, only the bytes could tell which of the two ends the cut.
  const characters = fc
    .uniqueArray(fc.constantFrom(...'ab \n7\\éñü中文数学😀😁👩👧\u200dاب你好¿€𝑥𝒚한국'), { maxLength: 40 })
    .map(pieces => pieces.join(''))
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 7 })

  it('gives back every text whose bytes were cut anywhere, each token in one unit', () => {
    fc.assert(
      fc.property(characters, sizes, (text, cut) => {
        const texts = cutBytes(text, cut)
        const units = displayUnits(texts, ids(texts), text)
        expect(units.map(unit => unit.text).join('')).toBe(text)
        expect(units.flatMap(({ start, end }) => ids(texts).slice(start, end))).toEqual(ids(texts))
      }),
      { numRuns: 300 },
    )
  })
})
