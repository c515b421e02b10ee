import { expect, test } from 'vitest'
import { dataSets, expectClose } from '../../../test/golden/statistics.ts'
import { averagePrecision } from './average-precision.ts'

test.each(dataSets)('agrees with scikit-learn: $name', ({ scores, incorrect, expected }) => {
  expectClose(averagePrecision(scores, incorrect), expected.auprc, 'auprc')
})

test('columns of unlike length are refused', () => {
  expect(() => averagePrecision([1, 2], [true])).toThrow(/average-precision/)
})
