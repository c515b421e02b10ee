import type { AreaIntervals } from './analyse-intervals.ts'
import type { AnalysisScore, ScoreComparison } from './score-analysis.ts'
import { mainScore, type SelectedScore, type Selection } from './selection.ts'
import { adjustBenjaminiHochberg, adjustHolm } from './statistics/adjust-p-values.ts'
import { auroc } from './statistics/auroc.ts'
import { aurocInfluence } from './statistics/auroc-influence.ts'
import { averagePrecision } from './statistics/average-precision.ts'
import { bootstrapSpread } from './statistics/bootstrap-spread.ts'
import { compareAurocs } from './statistics/compare-aurocs.ts'
import { generalizedRiskCoverageArea } from './statistics/generalized-risk-coverage-area.ts'
import { kendall } from './statistics/kendall.ts'
import { logitInterval } from './statistics/logit-interval.ts'
import { predictionRejectionRatio } from './statistics/prediction-rejection-ratio.ts'
import { riskCoverageArea } from './statistics/risk-coverage-area.ts'
import { orderScores } from './statistics/score-order.ts'
import { tieGroups } from './statistics/tie-groups.ts'

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
