import { expect, test } from 'vitest'
import { dataSets, expectClose, groupScores } from '../../../test/golden/statistics.ts'
import { orNull } from '../undefined.ts'
import { mannWhitney } from './hypothesis-tests.ts'

test.each(dataSets)('agrees with SciPy: $name', dataSet => {
  const found = orNull(mannWhitney(groupScores(dataSet.scores, dataSet.incorrect)))
  expectClose(found?.u, dataSet.expected.mannWhitney?.u, 'U')
  expectClose(found?.p, dataSet.expected.mannWhitney?.p, 'p', { absolute: 1e-300, relative: 1e-9 })
})

test('the two groups share n₁n₂ pairs between them and have one p', () => {
  const scores = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
  const isFirst = scores.map((_, index) => index < 6)
  const there = orNull(mannWhitney(groupScores(scores, isFirst)))!
  const back = orNull(
    mannWhitney(
      groupScores(
        scores,
        isFirst.map(value => !value),
      ),
    ),
  )!
  expect(there.u + back.u).toBe(24)
  expect(there.p).toBe(back.p)
})
