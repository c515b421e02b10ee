import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  alignAnswers,
  alignedSegments,
  leastShared,
  longestCommonSubsequence,
  sharedPrefix,
} from './align-answers.ts'

const keys = (text: string) => Int32Array.from(text, character => character.charCodeAt(0))
/** Few different tokens, so that answers share much; long enough for more than a word of bits. */
const answer = fc
  .array(fc.integer({ min: 0, max: 3 }), { maxLength: 90 })
  .map(tokens => Int32Array.from(tokens))
/** Answers with a common beginning. */
const answers = fc
  .tuple(answer, fc.array(answer, { minLength: 1, maxLength: 4 }))
  .map(([start, ends]) => ends.map(end => Int32Array.from([...start, ...end])))

/** The length by the textbook's dynamic program. */
function lengthOfCommon(first: Int32Array, second: Int32Array): number {
  let row = new Array<number>(second.length + 1).fill(0)
  for (const one of first) {
    const next = [0]
    for (const [j, other] of second.entries())
      next.push(one === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!))
    row = next
  }
  return row.at(-1)!
}

/** A row a letter for each column, with a point where an answer has no token, and a last row that marks what is alike. */
function drawn(...texts: string[]): string[] {
  const { tokens, alike } = alignAnswers(texts.map(keys))
  const rows = tokens.map((tokenOf, index) =>
    Array.from(tokenOf, token => texts[index]![token] ?? '·').join(''),
  )
  return [...rows, Array.from(alike, flag => (flag ? '=' : ' ')).join('')]
}

it('finds a common subsequence that is as long as any', () => {
  fc.assert(
    fc.property(answer, answer, (first, second) => {
      const partners = longestCommonSubsequence(first, second)
      const pairs = [...partners.entries()].filter(([, partner]) => partner !== -1)
      for (const [token, partner] of pairs) expect(first[token]).toBe(second[partner])
      for (const [place, [, partner]] of pairs.entries())
        if (place > 0) expect(partner).toBeGreaterThan(pairs[place - 1]![1])
      expect(pairs).toHaveLength(lengthOfCommon(first, second))
    }),
  )
})

it.each([Number.POSITIVE_INFINITY, 0])('keeps order, and calls alike what is equal: bound %s', bound => {
  fc.assert(
    fc.property(answers, given => {
      const { count, tokens, columns, alike } = alignAnswers(given, bound)
      for (const [index, places] of columns.entries()) {
        expect(places).toHaveLength(given[index]!.length)
        for (const [token, column] of places.entries()) {
          expect(column).toBeGreaterThan(token === 0 ? -1 : places[token - 1]!)
          expect(tokens[index]![column]).toBe(token)
        }
        expect(tokens[index]!.filter(token => token !== -1)).toHaveLength(given[index]!.length)
      }
      for (let column = 0; column < count; column++) {
        const found = tokens.map((tokenOf, index) => given[index]![tokenOf[column]!])
        // No column is empty.
        expect(found.some(key => key !== undefined)).toBe(true)
        if (alike[column]) expect(new Set(found).size).toBe(1)
      }
    }),
  )
})

it('aligns what all begin with, token for token, and nothing else in less than the least segment', () => {
  fc.assert(
    fc.property(answers, given => {
      const alignment = alignAnswers(given)
      const prefix = given.reduce((least, other) => Math.min(least, sharedPrefix(given[0]!, other)), Infinity)
      // And the tokens at which they part, which stand in one column.
      for (let token = 0; token <= prefix; token++)
        for (const [index, places] of alignment.columns.entries())
          if (token < given[index]!.length) expect(places[token]).toBe(token)
      expect(alignment.alike[prefix] ?? 0).toBe(0)
      const segments = alignedSegments(alignment)
      expect(segments[0]?.isAlike ? segments[0].end : 0).toBe(prefix)
      expect(segments.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(alignment.count)
      if (given.length > 2) return
      for (const { start, end, isAlike } of segments.slice(1))
        if (isAlike) expect(end - start).toBeGreaterThanOrEqual(leastShared)
    }),
  )
})

it('of two answers, is as wide whichever comes first where they share but a beginning', () => {
  fc.assert(
    fc.property(answer, answer, (first, second) => {
      const widths = [alignAnswers([first, second], 0), alignAnswers([second, first], 0)]
      expect(widths[0]!.count).toBe(widths[1]!.count)
      expect(widths[0]!.alike).toEqual(widths[1]!.alike)
    }),
  )
})

it('stands side by side from the parting on, and comes together again', () => {
  expect(drawn('so it is 12, the end', 'so it must be 3, the end')).toEqual([
    'so it is 12····, the end',
    'so it must be 3, the end',
    '======         =========',
  ])
  expect(drawn('same', 'same')).toEqual(['same', 'same', '===='])
  expect(drawn('one', '')).toEqual(['one', '···', '   '])
})

it('gives each of several answers its own room', () => {
  expect(drawn('start abc, end', 'start -, end', 'start abcdef, end')).toEqual([
    'start abc,··· end',
    'start -··,··· end',
    'start abcdef, end',
    '======       ====',
  ])
})

it('says so when answers are too long, and still aligns beginning and end', () => {
  const { isWhole, alike } = alignAnswers([keys('beginning xyz the end'), keys('beginning pq the end')], 1)
  expect(isWhole).toBe(false)
  expect(Array.from(alike).join('')).toBe('111111111100011111111')
})
