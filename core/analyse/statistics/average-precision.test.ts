import { test } from 'vitest'
import { dataSets, expectClose, groupScores } from '../../../test/golden/statistics.ts'
import { averagePrecision } from './average-precision.ts'

test.each(dataSets)('agrees with scikit-learn: $name', ({ scores, incorrect, expected }) => {
  expectClose(averagePrecision(groupScores(scores, incorrect)), expected.auprc, 'auprc')
})
