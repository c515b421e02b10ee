import { expect, test } from 'vitest'
import golden from '../../../test/golden/groups.json' with { type: 'json' }
import { expectClose } from '../../../test/golden/statistics.ts'
import { seededRandom } from '../../seeded-random.ts'
import { equalMassBins } from '../statistics/ranks.ts'
import { expectedCalibrationError } from './probability-losses.ts'

const tight = { absolute: 1e-13, relative: 1e-9 }

test.each(golden.calibrations)(
  'bins of equal mass agree with NumPy: $name',
  ({ predictions, most, bins }) => {
    const found = equalMassBins(predictions, most).map(bin => Array.from(bin).sort((a, b) => a - b))
    expect(found).toEqual(bins)
  },
)

test.each(golden.calibrations)(
  'the calibration error, and what it is without miscalibration, agree with NumPy: $name',
  ({ predictions, marks, bins, value, expectedIfCalibrated, spreadIfCalibrated, quantiles93And97 }) => {
    const rows = bins.map(bin => Uint32Array.from(bin))
    const measure = (seed: number) => expectedCalibrationError(predictions, marks, rows, seededRandom(seed))
    const found = measure(1)
    expectClose(found.value, value, 'ECE', tight)
    expect(found.bins).toBe(bins.length)
    // 1,000 draws.
    const allowed = (4 * spreadIfCalibrated) / Math.sqrt(1000)
    expect(Math.abs(found.expectedIfCalibrated - expectedIfCalibrated)).toBeLessThan(allowed)
    if (quantiles93And97) {
      expect(found.quantile95IfCalibrated).toBeGreaterThan(quantiles93And97[0]! - 1e-12)
      expect(found.quantile95IfCalibrated).toBeLessThan(quantiles93And97[1]! + 1e-12)
    } else expect(found.quantile95IfCalibrated).toBeGreaterThan(found.expectedIfCalibrated)
    expect(measure(1)).toEqual(found)
    if (predictions.length > 100) expect(measure(2)).not.toEqual(found)
  },
)

test('a perfectly calibrated model shows an error of 0.08 to 0.14 with 104 answers in 15 bins', () => {
  const biases = golden.calibrations
    .filter(({ predictions }) => predictions.length === 104)
    .map(({ expectedIfCalibrated }) => expectedIfCalibrated)
  expect(biases).toHaveLength(3)
  for (const bias of biases) {
    expect(bias).toBeGreaterThan(0.08)
    expect(bias).toBeLessThan(0.14)
  }
})
