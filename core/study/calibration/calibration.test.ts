import { expect, test } from 'vitest'
import { failedSample, simulateClusters, simulateSamples } from '../../../test/golden/statistics-samples.ts'
import type { SampleRecord } from '../../record/sample.ts'
import { analyseRun } from '../../report/record-study.ts'
import { calibrateAnswers, calibratedSamples } from '../analyse-run.ts'
import { columnsOf } from '../columns.ts'
import { brierScore } from './probability-losses.ts'

const failed = { ...failedSample, problemIndex: 5000, problemId: '5000' }

test.each<[string, SampleRecord[]]>([
  ['one answer a problem', simulateSamples(60, 40)],
  ['several answers', simulateClusters()],
  ['so many that isotonic regression is preferred', simulateSamples(700, 350)],
])('the probabilities of the answers are those whose calibration the analysis judges: %s', (_, samples) => {
  const all = [...samples, failed]
  const columns = columnsOf(all)
  const probabilities = calibrateAnswers(columns)
  expect(probabilities.at(-1)).toBeNaN()
  const answered = probabilities.slice(0, samples.length)
  const { calibration } = analyseRun(columns, { resamples: 10 })
  expect(calibration!.preferred).toBe(samples.length < 1000 ? 'platt' : 'isotonic')
  expect(brierScore(answered, columns.correct.slice(0, samples.length))).toBeCloseTo(
    calibration![calibration!.preferred]!.brier,
    14,
  )

  // Whichever answer was finished first.
  const backwards = calibrateAnswers(columnsOf(all.toReversed())).reverse()
  expect(backwards).toEqual(probabilities)
  expect(Array.from(calibratedSamples(() => all)(), sample => sample.probabilityCorrect)).toEqual(
    Array.from(probabilities, value => (Number.isNaN(value) ? null : value)),
  )
})

test('without a calibration no answer has a probability', () => {
  for (const samples of [[], [failed], simulateSamples(9, 30), simulateSamples(0, 30)])
    expect(calibrateAnswers(columnsOf(samples)).every(Number.isNaN)).toBe(true)
})
