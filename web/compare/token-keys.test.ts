import { expect, it } from 'vitest'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import { tokenKeys } from './token-keys.ts'

const tokens = (...pairs: [number, string | null][]) =>
  ({ tokenId: pairs.map(([id]) => id), tokenText: pairs.map(([, text]) => text) }) as unknown as TokenColumns

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
