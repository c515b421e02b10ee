import { expect, test } from 'vitest'
import { dataSets, expectClose } from '../../../test/golden/statistics.ts'
import { spearman } from './spearman.ts'

test.each(dataSets)('agrees with SciPy: $name', ({ scores, incorrect, expected }) => {
  const found = spearman(
    scores,
    incorrect.map(isIncorrect => (isIncorrect ? 0 : 1)),
  )
  expectClose(found?.coefficient, expected.spearman?.coefficient, 'rho')
  expectClose(found?.p, expected.spearman?.p, 'p', { absolute: 1e-300, relative: 1e-9 })
})

test('sees only the order: any rising function of a column gives the same', () => {
  const x = [0.3, 0.1, 0.1, 2, 7, 5]
  const y = [1, 2, 2, 3, 9, 4]
  expect(spearman(x.map(Math.exp), y)).toEqual(spearman(x, y))
})

test('columns of unlike length are refused', () => {
  expect(() => spearman([1, 2], [1])).toThrow(/spearman/)
})
