import { expect, test } from 'vitest'
import golden from '../../../test/golden/groups.json' with { type: 'json' }
import { expectClose } from '../../../test/golden/statistics.ts'
import { seededRandom } from '../../seeded-random.ts'
import { orNull } from '../undefined.ts'
import { stratifiedAuroc, weightedAuroc } from './auroc.ts'
import { clusteredProportionInterval, clustersOf } from './clusters.ts'
import { detectableAuroc, mcNemarP, permutationP, powerOfAuroc } from './hypothesis-tests.ts'
import { orderScores, tieGroups } from './ranks.ts'
import { rejectionCurve } from './selective-prediction.ts'

const tight = { absolute: 1e-13, relative: 1e-9 }

test.each(golden.permutations)(
  'a permutation p agrees with every assignment: $name',
  ({ scores, marks, problems, p }) => {
    const permutations = 20_000
    const measure = (seed: number) =>
      permutationP(orderScores(scores), marks, clustersOf(problems), permutations, seededRandom(seed))
    const found = measure(5)
    // The observed assignment counts as one more permutation.
    const expected = (p * permutations + 1) / (permutations + 1)
    const standardError = Math.sqrt((p * (1 - p)) / permutations)
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(4 * standardError + 1e-12)
    expect(measure(5)).toBe(found)
    if (p < 1) expect(measure(6)).not.toBe(found)
  },
)

test.each(golden.mcNemar)("McNemar's p of %d against %d agrees with SciPy", (first, second, p) => {
  expectClose(mcNemarP(first!, second!), p, 'p', { absolute: 1e-300, relative: 1e-9 })
})

test("McNemar's p of no disagreement is 1", () => {
  expect(mcNemarP(0, 0)).toBe(1)
})

test.each(golden.stratifications)(
  'a stratified AUROC agrees with its pairs: $name',
  ({ scores, marks, strata, expected }) => {
    const found = orNull(stratifiedAuroc(orderScores(scores), marks, clustersOf(strata)))
    if (expected === null) {
      expect(found).toBeNull()
      return
    }
    expectClose(found!.value, expected.value, 'value', tight)
    expectClose(found!.meanOverStrata, expected.meanOverStrata, 'mean over strata', tight)
    expect([found!.strata, found!.pairs]).toEqual([expected.strata, expected.pairs])
    const interval = orNull(found!.interval)
    expectClose(interval?.low, expected.interval?.[0], 'low', tight)
    expectClose(interval?.high, expected.interval?.[1], 'high', tight)
  },
)

test.each(golden.shares)('the interval of a clustered share agrees with NumPy: $name', share => {
  const found = clusteredProportionInterval(share.marks, clustersOf(share.problems))!
  expectClose(found.low, share.low, 'low', tight)
  expectClose(found.high, share.high, 'high', tight)
})

test('a weighted AUROC agrees with scikit-learn', () => {
  const { scores, marks, weights, auroc } = golden.weighted
  expectClose(weightedAuroc(orderScores(scores), marks, weights), auroc, 'AUROC', tight)
})

test.each(golden.rejections)('a rejection curve agrees with NumPy', ({ scores, errors, points }) => {
  const found = rejectionCurve(tieGroups(orderScores(scores), errors))
  expect(found).toHaveLength(points.length)
  for (const [index, [rejected, accuracy]] of points.toReversed().entries()) {
    const point = found.at(-1 - index)
    expectClose(point?.rejectedShare, rejected, 'rejected', tight)
    expectClose(point?.accuracy, accuracy, 'accuracy', tight)
  }
})

test.each(golden.power)(
  'power of an AUROC of %d with %d against %d agrees with SciPy',
  (auroc, marked, others, power) => {
    expectClose(powerOfAuroc(auroc!, marked!, others!), power, 'power', tight)
  },
)

test.each(golden.detectable)(
  'the AUROC that %d against %d detect is where SciPy has a power of 80 %%',
  (marked, others, auroc) => {
    expectClose(detectableAuroc(marked!, others!), auroc, 'AUROC', tight)
  },
)
