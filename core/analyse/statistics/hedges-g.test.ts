import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { hedgesG } from './hedges-g.ts'

test.each(dataSets)('agrees with the formula over NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(hedgesG(positives, negatives), dataSet.expected.hedgesG, 'g')
})

test('changes its sign with the order of the groups', () => {
  expect(hedgesG([1, 2, 3], [4, 6])).toBe(-hedgesG([4, 6], [1, 2, 3])!)
})

test('is undefined when nothing varies within the groups', () => {
  expect(hedgesG([0.1, 0.1, 0.1], [0.2, 0.2])).toBeNull()
})
