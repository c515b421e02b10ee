import { describe, expect, it } from 'vitest'
import type { TokenColumns } from '../../core/record/token.ts'
import { createComparison, describeComparison, foldsOf, tokenKeys } from './comparison.ts'

describe('createComparison', () => {
  const answer = (text: string) =>
    ({
      tokenId: Array.from(text, character => character.charCodeAt(0)),
      tokenText: Array.from(text),
    }) as unknown as TokenColumns
  const compare = (...texts: string[]) => createComparison(texts.map(answer), true)
  const idOf = (character: string) => character.charCodeAt(0)

  it('knows where each answer parts, and what the others chose there', () => {
    const comparison = compare('we add, end', 'we sum; end', 'we ask')
    expect([0, 1, 2].map(comparison.partingToken)).toEqual([3, 3, 4])
    expect(comparison.partings[0]).toBe(3)
    const choices = (index: number, column: number) => comparison.otherChoices(index, column, ['A', 'B', 'C'])
    expect(choices(1, 3)).toEqual([
      { letter: 'A', id: idOf('a') },
      { letter: 'C', id: idOf('a') },
    ])
    expect(choices(0, 3)).toEqual([{ letter: 'B', id: idOf('s') }])
    // One token further only the first and the third still read the same.
    expect(choices(0, 4)).toEqual([{ letter: 'C', id: idOf('s') }])
    expect(choices(1, 4)).toEqual([])
  })

  it.each([
    [['same', 'same'], 'The answers are the same in all of their 4 tokens.'],
    [['', ''], 'None of the answers has tokens.'],
    [['one', 'two'], 'Apart from the first token on.'],
    [['a', 'ab'], 'Alike for 1 token, then apart.'],
    [
      ['so it is 12, the end', 'so it must be 3, the end'],
      'Alike for 6 tokens, then apart; alike again in one stretch of 9 tokens in all.',
    ],
  ])('says how far they go together: %s', (texts, words) => {
    expect(describeComparison(compare(...texts))).toBe(words)
  })

  it('marks no parting in an answer that ends where the other goes on', () => {
    expect([0, 1].map(compare('ab', 'abc').partingToken)).toEqual([-1, 2])
  })

  it('claims nothing of what others chose where ids are of two vocabularies', () => {
    const [first, second] = [answer('so a'), answer('so b')]
    const shifted = { ...second, tokenId: Array.from(second.tokenId, id => id + 1000) }
    const comparison = createComparison([first, shifted], false)
    expect([0, 1].map(comparison.partingToken)).toEqual([3, 3])
    expect(comparison.otherChoices(0, 3, ['A', 'B'])).toEqual([])
  })
})

describe('tokenKeys', () => {
  const tokens = (...pairs: [number, string | null][]) =>
    ({
      tokenId: pairs.map(([id]) => id),
      tokenText: pairs.map(([, text]) => text),
    }) as unknown as TokenColumns

  it('takes ids where the answers have one vocabulary', () => {
    const found = tokenKeys(
      [tokens([1, 'a'], [2, '\uFFFD'], [9, null]), tokens([2, '\uFFFD'], [3, '\uFFFD'])],
      false,
    )
    expect(found).toEqual({ keys: [Int32Array.of(1, 2, 9), Int32Array.of(2, 3)], hasSharedIds: true })
  })

  it.each([
    ['an id has two texts', [1, 'b']],
    ['a text has two ids', [2, 'a']],
  ] as [string, [number, string]][])('takes texts where %s', (_, other) => {
    const first = tokens([1, 'a'], [7, ' so'], [8, '\uFFFD'], [9, null])
    const { keys, hasSharedIds } = tokenKeys(
      [first, tokens(other, [5, ' so'], [8, '\uFFFD'], [9, null])],
      false,
    )
    expect(hasSharedIds).toBe(false)
    expect(keys[1]![1]).toBe(keys[0]![1])
    expect(keys[1]!.slice(2)).not.toEqual(keys[0]!.slice(2))
    expect(keys[0]![0] === keys[1]![0]).toBe(other[1] === 'a')
  })

  it('takes ids within one run, whatever the texts are', () => {
    const { keys, hasSharedIds } = tokenKeys([tokens([1, 'a']), tokens([2, 'a'])], true)
    expect(hasSharedIds).toBe(true)
    expect(keys).toEqual([Int32Array.of(1), Int32Array.of(2)])
  })
})

describe('foldsOf', () => {
  const segment = (start: number, end: number, isAlike: boolean) => ({ start, end, isAlike })

  it('keeps what is beside the places where answers part', () => {
    const segments = [segment(0, 100, true), segment(100, 110, false), segment(110, 200, true)]
    expect(foldsOf(segments)).toEqual([
      { start: 0, end: 88 },
      { start: 122, end: 200 },
    ])
  })

  it('folds no short segment, nothing between that is apart, and nothing where nothing is apart', () => {
    expect(
      foldsOf([
        segment(0, 30, true),
        segment(30, 400, false),
        segment(400, 440, true),
        segment(440, 441, false),
      ]),
    ).toEqual([])
    expect(foldsOf([segment(0, 500, true)])).toEqual([])
  })
})
