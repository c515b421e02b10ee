import { expect, test } from 'vitest'
import { simulateSamples } from '../../test/golden/statistics-samples.ts'
import { compareRuns } from '../report/record-study.ts'
import { columnsOf } from './columns.ts'

const samples = simulateSamples(70, 34)
const first = columnsOf(samples)

test('a run does not differ from itself', () => {
  const comparison = compareRuns(first, first, { resamples: 200 })
  expect(comparison).toMatchObject({ pairs: 104, problems: 104, onlyInFirst: 0, onlyInSecond: 0 })
  expect(comparison.accuracy).toMatchObject({ difference: 0, bootstrapLow: 0, bootstrapHigh: 0, p: 1 })
  for (const score of Object.values(comparison.aurocs))
    expect(score).toMatchObject({ difference: 0, p: 1, pHolm: 1 })
})

test('pairs by problem and answer whatever the order, and tests what differs', () => {
  // Ten right answers become wrong and two wrong ones right: McNemar's p is 2·(1 + 12 + 66)/2¹².
  const other = samples.map((sample, index) => ({
    ...sample,
    correct: index < 10 ? false : index >= 102 ? true : sample.correct,
  }))
  const comparison = compareRuns(first, columnsOf([...other.slice(1).toReversed()]), { resamples: 500 })
  expect(comparison).toMatchObject({ pairs: 103, onlyInFirst: 1, onlyInSecond: 0 })
  expect(comparison.accuracy).toMatchObject({ onlyFirstCorrect: 9, onlySecondCorrect: 2 })
  expect(comparison.accuracy.p).toBeCloseTo((2 * (1 + 11 + 55)) / 2 ** 11, 12)
  expect(comparison.accuracy.difference).toBeCloseTo(7 / 103, 12)
  // The paired standard error √((b + c) − (b − c)²/n)/n.
  const standardError = Math.sqrt(11 - 49 / 103) / 103
  const width = comparison.accuracy.bootstrapHigh! - comparison.accuracy.bootstrapLow!
  expect(width / (2 * 1.983 * standardError)).toBeGreaterThan(0.85)
  expect(width / (2 * 1.983 * standardError)).toBeLessThan(1.15)
  const entropy = comparison.aurocs['MeanTokenEntropy']!
  expect(entropy.difference!).toBeGreaterThan(0)
  expect(entropy.low!).toBeLessThan(entropy.difference!)
  expect(entropy.pHolm!).toBeGreaterThanOrEqual(entropy.pBenjaminiHochberg!)
  expect(comparison.warnings.join('\n')).toMatch(/1 answers of the first run and 0 of the second/)
})

test.each([
  ['all right', 0, /^Every score: AUROC, .* are of one class in the second run\.$/m],
  ['one wrong', 1, /DeLong's interval and p .* a class has a single answer in the second run\.$/m],
])('says why a comparison is undefined: %s', (_, wrong, reason) => {
  const other = samples.map((sample, index) => ({ ...sample, correct: index >= wrong }))
  const { warnings } = compareRuns(first, columnsOf(other), { resamples: 200 })
  expect(warnings.join('\n')).toMatch(reason)
})

test('a single problem has no interval', () => {
  const one = samples.map((sample, index) => ({
    ...sample,
    problemId: 'p',
    problemIndex: 0,
    sampleIndex: index,
  }))
  const { warnings } = compareRuns(columnsOf(one), columnsOf(one), { resamples: 200 })
  expect(warnings.join('\n')).toMatch(/bootstrap interval .* because there is a single problem\.$/m)
})

test('runs without a common answer say so', () => {
  const comparison = compareRuns(first, columnsOf([]))
  expect(comparison.accuracy).toMatchObject({ difference: null, p: null, bootstrapLow: null })
  expect(comparison.warnings).toEqual([expect.stringMatching(/no answer in common/)])
})
