import { expect, test } from 'vitest'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { columnsOf } from '../study/columns.ts'
import { normalTail } from '../study/statistics/distributions.ts'
import { detectableAuroc, powerOfAuroc, samplesNeeded } from '../study/statistics/hypothesis-tests.ts'
import { analyseRun } from './record-study.ts'
import { summarySection } from './write-report.ts'

/**
 * What is known of the study that this project started from: 2 right of 104 answers (1.9 %), which were cut at about 100 tokens; Pearson's
 * coefficient of mean entropy and correctness −0.088; a rank correlation that is an AUROC of about 0.66; means and deviations that are one of
 * about 0.74 among normal classes, Φ(Δ/√(s² + s²)).
 */
const known = { right: 2, wrong: 102, tokens: 100, pearson: -0.088, auroc: 0.66, aurocOfMeans: 0.74 }

/** What is not known and is set here: the means and deviations themselves, nats, beyond what is said of them above. */
const wrongGroup = { mean: 0.5, sd: 0.15 }
const rightSd = 0.004
/** From r = −Δ·√(n₁n₀)/N/σ, σ² = ((n₁ − 1)s₁² + (n₀ − 1)s₀²)/N + n₁n₀Δ²/N². */
const rightGroup = { mean: wrongGroup.mean - differenceOfMeans(), sd: rightSd }

function differenceOfMeans(): number {
  const { right, wrong, pearson } = known
  const within = (right - 1) * rightSd ** 2 + (wrong - 1) * wrongGroup.sd ** 2
  return Math.sqrt((pearson ** 2 / (1 - pearson ** 2)) * within * ((right + wrong) / (right * wrong)))
}

/** The same values moved and stretched to this mean and this sample standard deviation. */
function withMoments(values: number[], { mean, sd }: { mean: number; sd: number }): number[] {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0)
  return values.map(value => mean + ((value - center) * sd) / Math.sqrt(squares / (values.length - 1)))
}

/** A run with those numbers. Nearly all is cut off, the right answers are not; most of what is cut has no answer yet. */
function foundingStudy() {
  const evenly = (count: number) => Array.from({ length: count }, (_, index) => (index + 0.5) / count)
  // Skewed to the right, as entropies are, so that ranks show less than means: a third of the wrong answers lies below the right ones.
  const shape = [...evenly(35).map(u => -1.1 + 0.38 * u), ...evenly(67).map(u => -0.55 + 3 * u ** 1.86)]
  const entropies = [...withMoments(shape, wrongGroup), ...withMoments([0, 1], rightGroup)]
  return entropies.map((meanEntropyNats, index) =>
    sampleRecord({
      problemId: String(index),
      problemIndex: index,
      correct: index >= known.wrong,
      finishReason: index < 97 ? 'length' : 'stop',
      extractedAnswer: index < 60 ? null : '5',
      generatedTokens: index < 97 ? known.tokens : 60 + index / 4,
      meanEntropyNats,
    }),
  )
}

test("the founding study's run gives its fields", () => {
  const analysis = analyseRun(columnsOf(foundingStudy()))
  const { right, wrong, pearson, auroc, aurocOfMeans } = known
  expect(analysis).toMatchObject({ total: right + wrong, correct: right, incorrect: wrong, errors: 0 })
  expect(analysis.accuracy.value).toBeCloseTo(0.019, 3)
  const { correct, incorrect, difference } = analysis.entropyNats
  for (const [found, expected, n] of [
    [correct, rightGroup, right],
    [incorrect, wrongGroup, wrong],
  ] as const) {
    expect(found.n).toBe(n)
    expect(found.mean).toBeCloseTo(expected.mean, 12)
    expect(found.sd).toBeCloseTo(expected.sd, 12)
  }
  expect(difference).toBeCloseTo(differenceOfMeans(), 12)
  expect(analysis.pearson.r).toBeCloseTo(pearson, 12)
  expect(analysis.pearson.p).toBeGreaterThan(0.05)
  expect(analysis.pointBiserial).toEqual(analysis.pearson)
  expect(analysis.auroc.value).toBeCloseTo(auroc, 2)
  expect(1 - normalTail(difference! / Math.hypot(correct.sd!, incorrect.sd!))).toBeCloseTo(aurocOfMeans, 2)
  // ρ is the share of its bound that the AUROC is of the way from 1/2 to 1, with few ties.
  const { rho, largestPossible } = analysis.spearman
  expect(largestPossible).toBeCloseTo(0.24, 2)
  expect(rho).toBeCloseTo(-largestPossible! * (2 * analysis.auroc.value! - 1), 12)
  expect(analysis.mannWhitney.u).toBeCloseTo(analysis.auroc.value! * right * wrong, 9)
  expect(analysis.mannWhitney.p).toBeGreaterThan(0.05)
  expect(analysis.aurocPermutationP.value).toBeGreaterThan(0.05)
  expect(analysis.capHitRate).toBe(97 / 104)
  expect(analysis.extractionFailureRate).toBe(60 / 104)
  expect(analysis.power.detectableAuroc80).toBeNull()
  expect(analysis.calibration).toBeNull()
  expect(analysis.completedOnly).toMatchObject({ total: 7, correct: right, capHitRate: 0 })
})

test('it comes with every warning that its conclusions lacked', () => {
  const analysis = analyseRun(columnsOf(foundingStudy()))
  const { warnings } = analysis
  expect(warnings[0]).toMatch(/93\.3 % of the answers were cut off .*"not finished in time"/)
  expect(warnings[1]).toMatch(/No answer could be read from 57\.7 %/)
  expect(warnings[2]).toMatch(/Only 2 correct answers .* no \|Spearman\| above 0\.24 is possible/)
  expect(warnings[3]).toMatch(
    /Power is below 80 %: an AUROC of 0\.65 would be found with a chance of 10\.9 % \(not even a perfect score would be found with 80 % power\).* At this share of errors \d+ answers are needed/,
  )
  const all = warnings.join('\n')
  expect(all).toMatch(/Nothing can be said about whether the model is well calibrated/)
  expect(all).toMatch(/Among the 7 completed answers the AUROC of entropy is/)
  expect(all).toMatch(/Completed answers only: Only 5 incorrect answers/)

  // DeLong's interval sees how alike the two right answers are, and not that they are two.
  expect(warnings[2]).toContain('can be far too narrow')
  expect(analysis.auroc.low).toBeGreaterThan(0.5)
  const summary = JSON.stringify(summarySection(analysis))
  expect(summary).toMatch(/2 of 104 answers are right: accuracy 1\.9 % \(0\.5 % to 6\.7 %\)/)
  expect(summary).toMatch(
    /It cannot be concluded that mean entropy tells wrong from right answers: AUROC of MeanTokenEntropy 0\.657 .* 102 wrong, 2 right; 2 right answers cannot stand for others/,
  )
  expect(summary).toContain('no AUROC, not even 1, would be found with 80 % power')
  expect(summary).toContain('nothing is said about whether the model is well calibrated')
  expect(summary).not.toMatch(/Wrong answers have|ranks better/)
})

test.each([
  [0.6, 0.25, 349],
  [0.65, 0.25, 156],
  [0.7, 0.25, 88],
  [0.6, 0.1, 727],
  [0.65, 0.1, 323],
  [0.7, 0.1, 182],
])('80 %% power for an AUROC of %d with a share of errors of %d needs %d answers', (auroc, share, needed) => {
  expect(samplesNeeded(auroc, share, 1 - share)).toBe(needed)
  expect(powerOfAuroc(auroc, needed * share, needed * (1 - share))!).toBeGreaterThanOrEqual(0.8)
  const fewer = needed - 1
  expect(powerOfAuroc(auroc, fewer * share, fewer * (1 - share))!).toBeLessThan(0.8)
  expect(detectableAuroc(needed * share, needed * (1 - share))!).toBeLessThanOrEqual(auroc)
})
