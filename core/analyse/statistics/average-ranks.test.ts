import { expect, test } from 'vitest'
import { dataSets } from '../../../test/golden/statistics.ts'
import { averageRanks } from './average-ranks.ts'

const ranked = dataSets.filter(dataSet => dataSet.expected.ranks !== null)

test.each(ranked)('agrees with SciPy: $name', ({ scores, expected }) => {
  expect(averageRanks(scores).ranks).toEqual(expected.ranks)
})

test('counts the groups of equal values', () => {
  expect(averageRanks([5, 1, 5, 3, 1, 5])).toEqual({ ranks: [5, 1.5, 5, 3, 1.5, 5], tieSizes: [2, 1, 3] })
  expect(averageRanks([])).toEqual({ ranks: [], tieSizes: [] })
})
