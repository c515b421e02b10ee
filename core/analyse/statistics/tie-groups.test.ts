import { expect, test } from 'vitest'
import { tieGroups } from './tie-groups.ts'

test('groups equal scores, the lowest first', () => {
  expect(tieGroups([2, -1, 2, 0, 2], [true, true, false, false, true])).toEqual([
    { size: 1, marked: 1 },
    { size: 1, marked: 0 },
    { size: 3, marked: 2 },
  ])
  expect(tieGroups([], [])).toEqual([])
})
