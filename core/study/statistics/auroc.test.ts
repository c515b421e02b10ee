import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose, groupScores } from '../../../test/golden/statistics.ts'
import { isUndefined, none, orNull } from '../undefined.ts'
import { auroc, averagePrecision } from './auroc.ts'
import { mannWhitney } from './hypothesis-tests.ts'

test.each(dataSets)('agrees with scikit-learn and with DeLong over all pairs: $name', dataSet => {
  const groups = groupScores(dataSet.scores, dataSet.incorrect)
  const found = orNull(auroc(groups))
  expectClose(found?.value, dataSet.expected.auroc, 'value')
  const interval = found && orNull(found.interval)
  expectClose(interval?.low, dataSet.expected.aurocInterval?.low, 'low')
  expectClose(interval?.high, dataSet.expected.aurocInterval?.high, 'high')
  expect(found?.p).toBe(orNull(mannWhitney(groups))?.p)
})

const aurocOf = (positives: number[], negatives: number[]) =>
  orNull(
    auroc(
      groupScores(
        [...positives, ...negatives],
        [...positives.map(() => true), ...negatives.map(() => false)],
      ),
    ),
  )

// Few distinct values, so that ties are common.
const group = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 })

test('a rising function of the score changes nothing', () => {
  fc.assert(
    fc.property(group, group, (positives, negatives) => {
      const rising = (values: number[]) => values.map(value => Math.exp(value / 3))
      expect(aurocOf(rising(positives), rising(negatives))).toEqual(aurocOf(positives, negatives))
    }),
  )
})

test('the negated score has the complement, its interval mirrored', () => {
  fc.assert(
    fc.property(group, group, (positives, negatives) => {
      const negated = (values: number[]) => values.map(value => -value)
      const plain = aurocOf(positives, negatives)!
      const mirrored = aurocOf(negated(positives), negated(negatives))!
      expect(mirrored.value).toBeCloseTo(1 - plain.value, 12)
      const interval = orNull(plain.interval)
      expectClose(orNull(mirrored.interval)?.low, interval && 1 - interval.high, 'low')
    }),
  )
})

test('is the share of pairs that the positive wins, ties half, and lies inside its interval', () => {
  fc.assert(
    fc.property(group, group, (positives, negatives) => {
      const found = aurocOf(positives, negatives)!
      let wins = 0
      for (const positive of positives) {
        for (const negative of negatives) wins += positive > negative ? 1 : positive === negative ? 0.5 : 0
      }
      expect(found.value).toBeCloseTo(wins / (positives.length * negatives.length), 12)
      if (!isUndefined(found.interval)) {
        expect(found.interval.low).toBeLessThanOrEqual(found.value)
        expect(found.interval.high).toBeGreaterThanOrEqual(found.value)
        expect(found.interval.low).toBeGreaterThanOrEqual(0)
        expect(found.interval.high).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test.each(dataSets)('agrees with scikit-learn: $name', ({ scores, incorrect, expected }) => {
  expectClose(averagePrecision(groupScores(scores, incorrect)), expected.auprc, 'auprc')
})

test.each([
  ['no answers', [], [], { because: 'no-answers' }],
  ['one class', [1, 2], [], { because: 'one-class', marked: true }],
] as const)('says why there is no AUROC: %s', (_, positives, negatives, reason) => {
  const marks = [...positives.map(() => true), ...negatives.map(() => false)]
  expect(auroc(groupScores([...positives, ...negatives], marks))).toEqual(none(reason))
})

test.each([
  ['a single member', [1], [0, 2], { because: 'single-member' }],
  ['perfect separation', [3, 4], [1, 2], { because: 'separated' }],
  ['equal scores', [1, 1], [1, 1], { because: 'constant', column: 'first' }],
] as const)('says why its interval is undefined: %s', (_, positives, negatives, reason) => {
  expect(aurocOf([...positives], [...negatives])?.interval).toEqual(none(reason))
})
