import { expect, test } from 'vitest'
import { dataSets } from '../../../test/golden/statistics.ts'
import { averageRanks, onceEach, orderScores, tieGroups } from './ranks.ts'

const ranked = dataSets.filter(dataSet => dataSet.expected.ranks !== null)

test.each(ranked)('agrees with SciPy: $name', ({ scores, expected }) => {
  expect([...averageRanks(orderScores(scores), onceEach(scores.length))]).toEqual(expected.ranks)
})

test('groups equal scores, the lowest first, and leaves missing ones out', () => {
  const order = orderScores([2, -1, 2, Number.NaN, 0, 2])
  expect(tieGroups(order, [true, true, false, true, false, true])).toEqual({
    sizes: Uint32Array.of(1, 1, 3),
    marked: Uint32Array.of(1, 0, 2),
    total: 5,
    totalMarked: 3,
  })
  expect(tieGroups(orderScores([]), [])).toMatchObject({ total: 0, totalMarked: 0 })
})
