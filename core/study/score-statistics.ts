import type { AnalysisScore, ScoreComparison } from './analysis.ts'
import type { AreaIntervals } from './entropy-intervals.ts'
import { mainScore, type SelectedScore, type Selection } from './selection.ts'
import { auroc, aurocInfluence, averagePrecision, compareAurocs } from './statistics/auroc.ts'
import { kendall } from './statistics/correlation.ts'
import { adjustBenjaminiHochberg, adjustHolm } from './statistics/hypothesis-tests.ts'
import { logitInterval } from './statistics/intervals.ts'
import { orderScores, tieGroups } from './statistics/ranks.ts'
import { bootstrapSpread, resampleClusters, weightedAuroc } from './statistics/resampling.ts'
import {
  generalizedRiskCoverageArea,
  predictionRejectionRatio,
  riskCoverageArea,
} from './statistics/selective-prediction.ts'

/** The scores that every other one is compared with: the main one, and the baseline that is no doubt of the model's. */
const references = [mainScore, 'SequenceLength']

/** How well a score of uncertainty tells incorrect from correct answers; `resampled` are its AUROCs in the resamples of a bootstrap, `intervals` those of its areas. */
export function analyseScore(
  { sorted }: SelectedScore,
  { incorrect, problems }: Selection,
  resampled: Float64Array,
  intervals: AreaIntervals,
): AnalysisScore {
  const groups = tieGroups(sorted, incorrect)
  const area = auroc(groups)
  const spread = bootstrapSpread(resampled, problems.count)
  const bootstrapped = area && spread && logitInterval(area.value, spread.standardError, spread.quantile)
  const tau = kendall(groups)
  return {
    n: groups.total,
    correct: groups.total - groups.totalMarked,
    incorrect: groups.totalMarked,
    auroc: area?.value ?? null,
    aurocLow: area?.interval?.low ?? null,
    aurocHigh: area?.interval?.high ?? null,
    p: area?.p ?? null,
    bootstrapLow: bootstrapped?.low ?? null,
    bootstrapHigh: bootstrapped?.high ?? null,
    missedResamples: shareOfNaN(resampled),
    auprc: averagePrecision(groups),
    auprcBaseRate: groups.total === 0 ? null : groups.totalMarked / groups.total,
    prr: predictionRejectionRatio(groups),
    aurc: riskCoverageArea(groups),
    augrc: generalizedRiskCoverageArea(groups),
    intervals,
    // Groups are of incorrect answers, Kendall's tau of correctness.
    kendallTau: tau && negated(tau.coefficient),
    kendallP: tau?.p ?? null,
  }
}

/** Every score against mean entropy and against length, with p-values adjusted over all these comparisons. */
export function compareScores(selection: Selection, resampled: Map<string, Float64Array>): ScoreComparison[] {
  const { scores, incorrect, problems } = selection
  const influences = new Map(scores.map(score => [score.name, aurocInfluence(score.sorted, incorrect)]))
  const compared = scores.flatMap((score, position) =>
    references.flatMap(reference => {
      const against = scores.find(({ name }) => name === reference)
      // The references are compared with each other once.
      const isTold = references.includes(score.name) && position <= scores.indexOf(against!)
      return !against || against === score || isTold ? [] : [{ score, against }]
    }),
  )
  const results = compared.map(
    ({ score, against }): Omit<ScoreComparison, 'pHolm' | 'pBenjaminiHochberg'> => {
      const common = commonAnswers(score.values, against.values, incorrect)
      const isSame =
        common.count === score.sorted.order.length && common.count === against.sorted.order.length
      const influenceOf = ({ name, values }: SelectedScore) =>
        isSame
          ? influences.get(name)!
          : aurocInfluence(
              orderScores(values.map((value, index) => (common.has[index] ? value : Number.NaN))),
              incorrect,
            )
      const [first, second] = [influenceOf(score), influenceOf(against)]
      const difference = first && second && compareAurocs(first, second)
      const [one, other] = [resampled.get(score.name)!, resampled.get(against.name)!]
      const spread =
        difference && isSame
          ? bootstrapSpread(
              one.map((value, index) => value - other[index]!),
              problems.count,
            )
          : null
      const half = spread && spread.standardError * spread.quantile
      return {
        score: score.name,
        against: against.name,
        n: common.count,
        correct: common.count - common.incorrect,
        incorrect: common.incorrect,
        difference: difference?.value ?? null,
        low: difference?.interval?.low ?? null,
        high: difference?.interval?.high ?? null,
        bootstrapLow: difference && half !== null ? difference.value - half : null,
        bootstrapHigh: difference && half !== null ? difference.value + half : null,
        p: difference?.p ?? null,
      }
    },
  )
  const pValues = results.map(({ p }) => p)
  const holm = adjustHolm(pValues)
  const benjaminiHochberg = adjustBenjaminiHochberg(pValues)
  return results.map((result, index) => ({
    ...result,
    pHolm: holm[index]!,
    pBenjaminiHochberg: benjaminiHochberg[index]!,
  }))
}

function commonAnswers(
  first: Float64Array,
  second: Float64Array,
  marks: ArrayLike<number>,
): { has: Uint8Array; count: number; incorrect: number } {
  const has = new Uint8Array(first.length)
  let count = 0
  let incorrect = 0
  for (let index = 0; index < first.length; index++) {
    if (Number.isNaN(first[index]!) || Number.isNaN(second[index]!)) continue
    has[index] = 1
    count++
    incorrect += marks[index]!
  }
  return { has, count, incorrect }
}

function shareOfNaN(values: Float64Array): number {
  return values.length === 0 ? 0 : values.filter(Number.isNaN).length / values.length
}

function negated(value: number): number {
  return value === 0 ? 0 : -value
}

/** Standard errors need some resamples, however large the run. */
const fewestResamples = 200
/** Resamples times answers times scores: about two seconds. */
const mostWork = 4e8

/** As many resamples as asked for, or as a large run affords, at least 200: the intervals need only a standard error. */
export function affordableResamples({ count, scores }: Selection, wanted: number): number {
  const affordable = Math.floor(mostWork / Math.max(1, count * scores.length))
  return Math.min(wanted, Math.max(fewestResamples, affordable))
}

/**
 * How often to resample statistics that cost twice as much as an AUROC and need a standard error alone: half as often, and no more than 200
 * times, which tells it to a twentieth of it (Efron and Tibshirani 1993, 6.4).
 */
export function resamplesForErrors(affordable: number): number {
  return Math.min(fewestResamples, Math.ceil(affordable / 2))
}

/** The AUROC of every score in every resample of the problems; all scores see the same resamples. */
export function bootstrapScores(
  { scores, incorrect, problems }: Selection,
  resamples: number,
  random: () => number,
): Map<string, Float64Array> {
  const aurocs = new Map(scores.map(({ name }) => [name, new Float64Array(resamples)]))
  resampleClusters(problems, resamples, random, (weights, resample) => {
    for (const { name, sorted } of scores)
      aurocs.get(name)![resample] = weightedAuroc(sorted, incorrect, weights)
  })
  return aurocs
}
