import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { mannWhitney } from './mann-whitney.ts'

test.each(dataSets)('agrees with SciPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  const found = mannWhitney(positives, negatives)
  expectClose(found?.u, dataSet.expected.mannWhitney?.u, 'U')
  expectClose(found?.p, dataSet.expected.mannWhitney?.p, 'p', { absolute: 1e-300, relative: 1e-9 })
})

test('the two groups share n₁n₂ pairs between them and have one p', () => {
  const first = [3, 1, 4, 1, 5, 9]
  const second = [2, 6, 5, 3]
  const there = mannWhitney(first, second)!
  const back = mannWhitney(second, first)!
  expect(there.u + back.u).toBe(24)
  expect(there.p).toBe(back.p)
})
