import { expect, test } from 'vitest'
import { dataSets } from '../../../test/golden/statistics.ts'
import { averageRanks } from './average-ranks.ts'

const ranked = dataSets.filter(dataSet => dataSet.expected.ranks !== null)

test.each(ranked)('agrees with SciPy: $name', ({ scores, expected }) => {
  expect([...averageRanks(scores)]).toEqual(expected.ranks)
})
