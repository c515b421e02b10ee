import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose } from '../../../test/golden/statistics.ts'
import { none, orNull } from '../undefined.ts'
import { checkSameLength, pearson, spearman } from './correlation.ts'

test('says where, what was found and what to do', () => {
  expect(() => checkSameLength('pearson', [1, 2], [true])).toThrow(
    /pearson: 2 and 1 values.*pass two columns/,
  )
  expect(() => checkSameLength('pearson', [1], [true])).not.toThrow()
})

test.each(dataSets)('agrees with SciPy: $name', ({ scores, incorrect, expected }) => {
  const found = orNull(
    pearson(
      scores,
      incorrect.map(isIncorrect => (isIncorrect ? 0 : 1)),
    ),
  )
  expectClose(found?.coefficient, expected.pearson?.coefficient, 'r')
  expectClose(found?.p, expected.pearson?.p, 'p', { absolute: 1e-300, relative: 1e-9 })
})

test('a strong correlation of many pairs keeps a positive p', () => {
  const x = Array.from({ length: 200 }, (_, index) => index)
  const y = x.map(value => value + 80 * Math.sin(value * 12.9898))
  const found = orNull(pearson(x, y))!
  expect(found.coefficient).toBeGreaterThan(0.6)
  expect(found.p).toBeGreaterThan(0)
  expect(found.p).toBeLessThan(1e-20)
})

test('does not change under shift and scale, and turns its sign with one column', () => {
  const value = fc.integer({ min: -1000, max: 1000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 3, maxLength: 40 }), pairs => {
      const x = pairs.map(pair => pair[0])
      const y = pairs.map(pair => pair[1])
      const plain = orNull(pearson(x, y))
      const moved = orNull(
        pearson(
          x.map(element => 8 - 4 * element),
          y,
        ),
      )
      fc.pre(plain !== null)
      expect(moved!.coefficient).toBeCloseTo(-plain.coefficient, 10)
      expect(Math.abs(plain.coefficient)).toBeLessThanOrEqual(1)
    }),
  )
})

test('is undefined for a constant column, and columns of unlike length are refused', () => {
  expect(pearson([0.1, 0.1, 0.1], [0, 1, 0])).toEqual(none({ because: 'constant', column: 'first' }))
  expect(pearson([1], [1])).toEqual(none({ because: 'too-few', n: 1, least: 2 }))
  expect(pearson([], [])).toEqual(none({ because: 'too-few', n: 0, least: 2 }))
  expect(() => pearson([1, 2], [1])).toThrow(RangeError)
})

test.each(dataSets)('agrees with SciPy: $name', ({ scores, incorrect, expected }) => {
  const found = orNull(
    spearman(
      scores,
      incorrect.map(isIncorrect => (isIncorrect ? 0 : 1)),
    ),
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
