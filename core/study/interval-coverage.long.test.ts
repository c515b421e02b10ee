import { expect, it } from 'vitest'
import { seededRandom } from '../seeded-random.ts'
import { intervalsOfCoefficients, intervalsOfPredictions } from './calibration/calibration.ts'
import { expectedCalibrationError } from './calibration/probability-losses.ts'
import { resampleEntropy } from './entropy-statistics.ts'
import { resampleAreas } from './score-statistics.ts'
import {
  auroc,
  averagePrecision,
  bootstrapAurocInterval,
  stratifiedAuroc,
  weightedAuroc,
} from './statistics/auroc.ts'
import { clusteredProportionInterval, clustersOf, resampleClusters } from './statistics/clusters.ts'
import { spearman } from './statistics/correlation.ts'
import { logistic, logit } from './statistics/distributions.ts'
import { type Interval, wilsonInterval } from './statistics/intervals.ts'
import { fitLogistic } from './statistics/logistic-regression.ts'
import { equalMassBins, orderScores, tieGroups } from './statistics/ranks.ts'
import type { ResampledInterval } from './statistics/resampling.ts'
import { predictionRejectionRatio, riskCoverageArea } from './statistics/selective-prediction.ts'
import { strataOf } from './strata.ts'
import { ifDefined, isUndefined, type Maybe, orNull } from './undefined.ts'

const draws = 2000
const resamples = 400
/** Shift of normal scores whose AUROC is 0.7: √2 · Φ⁻¹(0.7). */
const shift = Math.SQRT2 * 0.5244005127080407
const trueAuroc = 0.7

function isInside(truth: number, interval: ResampledInterval | null): boolean {
  if (interval === null || isUndefined(interval) || 'reason' in interval) return false
  return interval.low <= truth && truth <= interval.high
}

/** The share of draws whose interval holds the truth, which is to be 95 % within 1.5. */
function expectCoverage(
  name: string,
  truth: number,
  draw: (normal: () => number) => Maybe<Interval> | null,
): void {
  expectCoverages(name, normal => [{ name: '', truth, interval: draw(normal) }])
}

/** The same of several statistics of each draw; `most` is for an interval that may be too wide. */
function expectCoverages(
  name: string,
  draw: (
    normal: () => number,
  ) => { name: string; truth: number; interval: ResampledInterval | null; most?: number }[],
): void {
  const random = seededRandom(2000, name.length)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const found = new Map<string, { covered: number; most: number }>()
  for (let index = 0; index < draws; index++)
    for (const { name: statistic, truth, interval, most = 0.965 } of draw(normal)) {
      const count = found.get(statistic) ?? { covered: 0, most }
      if (isInside(truth, interval)) count.covered++
      found.set(statistic, count)
    }
  const shares = [...found].map(([statistic, { covered, most }]) => ({
    of: `${name}${statistic === '' ? '' : `, ${statistic}`}`,
    share: covered / draws,
    most,
  }))
  for (const { of, share } of shares) console.log(`${of}: ${(100 * share).toFixed(1)} % of ${draws} draws`)
  expect(shares.filter(({ share, most }) => share < 0.935 || share > most)).toEqual([])
}

/** Scores and marks of so many wrong and right answers, each problem adding its own offset to the scores of its answers. */
function binormal(normal: () => number, wrong: number, right: number, answers: number, shared: number) {
  const marks: number[] = []
  const scores: number[] = []
  const problems: string[] = []
  const own = Math.sqrt(1 - shared ** 2)
  for (let problem = 0; marks.length < (wrong + right) * answers; problem++) {
    const mark = problem < wrong ? 1 : 0
    const offset = shared * normal()
    for (let answer = 0; answer < answers; answer++) {
      marks.push(mark)
      problems.push(String(problem))
      scores.push(mark * shift + offset + own * normal())
    }
  }
  return { marks, order: orderScores(scores), problems: clustersOf(problems) }
}

it("covers the truth with DeLong's interval on the logit scale", () => {
  for (const [wrong, right] of [
    [25, 25],
    [25, 100],
    [100, 25],
  ] as const)
    expectCoverage(`DeLong, ${wrong} wrong and ${right} right`, trueAuroc, normal => {
      const { marks, order } = binormal(normal, wrong, right, 1, 0)
      return ifDefined(auroc(tieGroups(order, marks)), ({ interval }) => interval)
    })
})

it.each([
  [25, 25, 1, 0],
  [30, 30, 3, 0.7],
] as const)(
  'covers the truth with resampled problems: %i wrong, %i right, %i answers each',
  (wrong, right, answers, shared) => {
    const random = seededRandom(7, answers)
    expectCoverage(`resampled problems, ${answers} answers each`, trueAuroc, normal => {
      const { marks, order, problems } = binormal(normal, wrong, right, answers, shared)
      const values = new Float64Array(resamples)
      resampleClusters(problems, resamples, random, (weights, resample) => {
        values[resample] = weightedAuroc(order, marks, weights)
      })
      const groups = tieGroups(order, marks)
      return ifDefined(auroc(groups), ({ value }) =>
        bootstrapAurocInterval(groups, value, values, problems.count),
      )
    })
  },
)

it('covers the truth with the intervals of an accuracy', () => {
  const random = seededRandom(11)
  expectCoverage("Wilson's, 100 answers", 0.67, () => {
    let right = 0
    for (let answer = 0; answer < 100; answer++) if (random() < 0.67) right++
    return wilsonInterval(right, 100)
  })
  // Each problem has a chance of its own, uniform, so that the answers to one go together; the mean is a half.
  expectCoverage('clustered, 60 problems of 4 answers', 0.5, () => {
    const marks: number[] = []
    const problems: string[] = []
    for (let problem = 0; problem < 60; problem++) {
      const chance = random()
      for (let answer = 0; answer < 4; answer++) {
        marks.push(random() < chance ? 1 : 0)
        problems.push(String(problem))
      }
    }
    return clusteredProportionInterval(marks, clustersOf(problems))
  })
})

/** What a run with these answers would select; a problem's answers agree, and a share of the problems is wrong. */
function selection(
  normal: () => number,
  random: () => number,
  problems: number,
  answers: number,
  wrong: number,
  shared: number,
) {
  const count = problems * answers
  const correct = new Uint8Array(count)
  const values = new Float64Array(count)
  const generatedTokens = new Int32Array(count)
  const own = Math.sqrt(1 - shared ** 2)
  for (let index = 0, isWrong = false, offset = 0; index < count; index++) {
    if (index % answers === 0) {
      isWrong = random() < wrong
      offset = shared * normal()
    }
    correct[index] = isWrong ? 0 : 1
    values[index] = (isWrong ? shift : 0) + offset + own * normal()
    generatedTokens[index] = Math.round(1000 * (10 + values[index]! + normal()))
  }
  return {
    count,
    correct,
    incorrect: correct.map(value => 1 - value),
    generatedTokens,
    level: [],
    problems: clustersOf(Array.from(values, (_, index) => String(Math.floor(index / answers)))),
    entropy: { name: 'MeanTokenEntropy', values, sorted: orderScores(values) },
  }
}

/** The statistics and the areas of a selection, resampled so often. */
function intervalsOf(selected: ReturnType<typeof selection>, times: number, random: () => number) {
  const entropy = resampleEntropy(selected)
  const areas = resampleAreas(selected.entropy, selected)
  resampleClusters(selected.problems, times, random, weights => {
    entropy.add(weights)
    areas.add(weights)
  })
  return { ...entropy.intervals(), ...areas.intervals() }
}

it.each([
  [60, 1, 0.5, 0],
  [100, 1, 0.3, 0],
  [100, 3, 0.3, 0.7],
] as const)(
  'covers what entropy shows: %i problems, %i answers each, %d of them wrong',
  (problems, answers, wrong, shared) => {
    const random = seededRandom(13, problems + answers)
    const spread = wrong * (1 - wrong)
    const many = 1_000_000
    const seeded = seededRandom(14)
    const normal = () => Math.sqrt(-2 * Math.log(1 - seeded())) * Math.cos(2 * Math.PI * seeded())
    const all = selection(normal, seeded, many, 1, wrong, 0)
    const groups = tieGroups(all.entropy.sorted, all.incorrect)
    const lengths = clustersOf(Array.from(all.correct, () => ''))
    for (const [stratum, rows] of strataOf(all).byLength.entries())
      for (const row of rows) lengths.of[row] = stratum
    const within = stratifiedAuroc(all.entropy.sorted, all.incorrect, { ...lengths, count: 4 })
    const truths: Partial<Record<keyof ReturnType<typeof intervalsOf>, number>> = {
      correctMean: 0,
      incorrectMean: shift,
      difference: shift,
      hedgesG: shift,
      pearson: -shift * Math.sqrt(spread / (1 + shift ** 2 * spread)),
      spearman: -(trueAuroc - 0.5) * Math.sqrt(12 * spread),
      kendall: -(2 * trueAuroc - 1) * Math.sqrt(2 * spread),
      entropyLengthRho: orNull(spearman(all.entropy.values, all.generatedTokens))!.coefficient,
      lengthAdjustedAuroc: orNull(within)!.value,
      auprc: averagePrecision(groups) as number,
      prr: predictionRejectionRatio(groups) as number,
      aurc: riskCoverageArea(groups) as number,
      augrc: (1 - trueAuroc) * spread + wrong ** 2 / 2,
    }
    expectCoverages(`${problems} problems, ${answers} answers each, ${wrong} wrong`, drawn => {
      const found = intervalsOf(selection(drawn, random, problems, answers, wrong, shared), 200, random)
      return Object.entries(truths).map(([name, truth]) => ({
        name,
        truth,
        interval: found[name as keyof typeof found],
        // Of classes of seven answers in a stratum, resamples differ more than they should.
        ...(name === 'lengthAdjustedAuroc' && { most: 1 }),
      }))
    })
  },
)

it.each([
  [100, 1, 1.3, 0.3],
  [100, 3, 1.3, 0.3],
  [1000, 1, 1, 0],
  [1000, 1, 1.3, 0.3],
] as const)(
  'covers the calibration of fixed predictions: %i problems, %i answers each, log odds times %d plus %d',
  (problems, answers, steepness, offset) => {
    const random = seededRandom(17, problems + answers)
    const draw = (normal: () => number, chance: () => number, of: number, each: number) => {
      const odds = Float64Array.from({ length: of * each })
      for (let index = 0; index < odds.length; index++)
        odds[index] = index % each === 0 ? normal() : odds[index - 1]!
      return {
        chances: odds.map(logistic),
        predictions: odds.map(value => logistic(steepness * value + offset)),
        correct: Uint8Array.from(odds, value => (chance() < logistic(value) ? 1 : 0)),
      }
    }
    const seeded = seededRandom(18)
    const normal = () => Math.sqrt(-2 * Math.log(1 - seeded())) * Math.cos(2 * Math.PI * seeded())
    const all = draw(normal, seeded, 1_000_000, 1)
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    const brier = mean(all.predictions.map((p, index) => p ** 2 + all.chances[index]! * (1 - 2 * p)))
    const logLoss = mean(all.predictions.map((p, index) => -Math.log1p(-p) - all.chances[index]! * logit(p)))
    const rate = mean(all.chances)
    expectCoverages(`${problems} problems, ${answers} answers each, odds ${steepness} ${offset}`, drawn => {
      const { chances, predictions, correct } = draw(drawn, random, problems, answers)
      const clusters = clustersOf(Array.from(correct, (_, index) => String(Math.floor(index / answers))))
      const bins = equalMassBins(predictions, 15)
      const error = expectedCalibrationError(predictions, correct, bins, random)
      const resampled = intervalsOfPredictions(predictions, correct, bins, error, clusters.count)
      resampleClusters(clusters, 200, random, weights => resampled.add(weights))
      const found = resampled.intervals()
      const columns = [predictions.map(() => 1), predictions.map(logit)]
      const { intercept, slope } = intervalsOfCoefficients(
        columns,
        correct,
        fitLogistic(columns, correct)!,
        clusters,
      )
      const trueError = bins.reduce(
        (sum, bin) =>
          sum + Math.abs(bin.reduce((excess, index) => excess + chances[index]! - predictions[index]!, 0)),
        0,
      )
      return [
        { name: 'Brier', truth: brier, interval: found.brier },
        { name: 'Brier skill', truth: 1 - brier / (rate * (1 - rate)), interval: found.brierSkill },
        { name: 'log loss', truth: logLoss, interval: found.logLoss },
        { name: 'slope', truth: 1 / steepness, interval: slope },
        { name: 'intercept', truth: -offset / steepness, interval: intercept },
        // Of its bias only a bound is known.
        {
          name: 'ECE',
          truth: trueError / correct.length,
          interval: found.expectedCalibrationError,
          most: 1,
        },
      ]
    })
  },
)
