import { expect, test } from 'vitest'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { analyseRun } from './analyse-run.ts'
import { columnsOf } from './columns-of.ts'
import { detectableAuroc, powerOfAuroc, samplesNeeded } from './statistics/power-of-auroc.ts'

/** A run like the study that this project started from: 2 right of 104, nearly all cut off, entropies about normal. */
function foundingStudy() {
  // Logistic quantiles stand in for normal ones: close enough, and without a table.
  const quantile = (share: number) => Math.log(share / (1 - share)) / 1.702
  const entropies = [...Array.from({ length: 102 }, (_, index) => quantile((index + 0.5) / 102)), -1.6, 0.32]
  return entropies.map((standardised, index) =>
    sampleRecord({
      problemId: String(index),
      problemIndex: index,
      correct: index >= 102,
      finishReason: index < 97 ? 'length' : 'stop',
      extractedAnswer: index < 60 ? null : '5',
      generatedTokens: index < 97 ? 100 : 60 + index / 4,
      meanEntropyNats: 0.5 + 0.15 * standardised,
    }),
  )
}

test("the founding study's numbers come with the warnings that its conclusions lacked", () => {
  const analysis = analyseRun(columnsOf(foundingStudy()))
  expect(analysis.accuracy.value).toBeCloseTo(0.019, 3)
  expect(Math.abs(analysis.pearson.r! + 0.088)).toBeLessThan(0.01)
  expect(Math.abs(analysis.auroc.value! - 0.66)).toBeLessThan(0.01)
  expect(analysis.spearman.largestPossible).toBeCloseTo(0.24, 2)
  expect(analysis.power.detectableAuroc80).toBeNull()
  expect(analysis.calibration).toBeNull()
  const { warnings } = analysis
  expect(warnings[0]).toMatch(/93\.3 % of the answers were cut off .*"not finished in time"/)
  expect(warnings[1]).toMatch(/No answer could be read from 57\.7 %/)
  const all = warnings.join('\n')
  expect(all).toMatch(/Only 2 correct answers .* no \|Spearman\| above 0\.24 is possible/)
  expect(all).toMatch(/Power is below 80 %/)
  expect(all).toMatch(/Nothing can be said about whether the model is well calibrated/)
  expect(all).toMatch(/Completed answers only:/)
})

test.each([
  [0.6, 0.25, 349],
  [0.65, 0.25, 156],
  [0.7, 0.25, 88],
  [0.6, 0.1, 727],
  [0.65, 0.1, 323],
  [0.7, 0.1, 182],
])('80 %% power for an AUROC of %d with a share of errors of %d needs %d answers', (auroc, share, needed) => {
  expect(samplesNeeded(auroc, share)).toBe(needed)
  expect(powerOfAuroc(auroc, needed * share, needed * (1 - share))!).toBeGreaterThanOrEqual(0.8)
  const fewer = needed - 1
  expect(powerOfAuroc(auroc, fewer * share, fewer * (1 - share))!).toBeLessThan(0.8)
  expect(detectableAuroc(needed * share, needed * (1 - share))!).toBeLessThanOrEqual(auroc)
})
