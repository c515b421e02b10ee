import {
  countProblems,
  mainScore,
  type ProblemCounts,
  type SelectedScore,
  type Selection,
} from './selection.ts'
import {
  type AurocDifference,
  auroc,
  aurocDifference,
  aurocInfluence,
  averagePrecision,
  bootstrapAurocInterval,
  weightedAuroc,
} from './statistics/auroc.ts'
import { resampleClusters } from './statistics/clusters.ts'
import { kendall } from './statistics/correlation.ts'
import { type AdjustedP, adjustP } from './statistics/hypothesis-tests.ts'
import { belowOneScale, endsOf, logitScale } from './statistics/intervals.ts'
import { orderScores, type TieGroups, tieGroups, weightedTieGroups } from './statistics/ranks.ts'
import {
  bootstrapSpread,
  onScale,
  type ResampledInterval,
  type ResampledStatistic,
  resampledIntervals,
} from './statistics/resampling.ts'
import {
  generalizedRiskCoverageArea,
  predictionRejectionRatio,
  riskCoverageArea,
} from './statistics/selective-prediction.ts'
import { ifDefined, none, partOf, type Statistic } from './undefined.ts'

/** Answers that count so often each, as the areas of a score read them; incorrect answers are marked. */
interface DrawnAnswers {
  groups: TieGroups
  aurc: Statistic
}

/**
 * The areas of a score, by their names in `analysis.json`, each with its interval from resampled problems. Another one is an entry here and one
 * in the table of their words (`core/report/undefined-warnings.ts`).
 */
const scoreAreas = {
  auprc: {
    of: 'smallerClass',
    // Its standard error is the smaller the larger it comes out, and this scale makes good for that.
    interval: onScale(belowOneScale, 0),
    compute: ({ groups }) => averagePrecision(groups),
  },
  prr: {
    of: 'smallerClass',
    interval: onScale(belowOneScale),
    compute: ({ groups, aurc }) => predictionRejectionRatio(groups, aurc),
  },
  aurc: { of: 'all', interval: onScale(logitScale), compute: ({ aurc }) => aurc },
  augrc: {
    of: 'all',
    interval: onScale(logitScale),
    compute: ({ groups }) => generalizedRiskCoverageArea(groups),
  },
} as const satisfies Record<string, ResampledStatistic<DrawnAnswers, keyof ProblemCounts>>

/** Name of an area of a score. */
export type AreaName = keyof typeof scoreAreas

/** The scores that every other one is compared with: the main one, and the baseline that is no doubt of the model's. */
const references = [mainScore, 'SequenceLength']

/** How well one score of uncertainty tells incorrect from correct answers. */
export interface AnalysisScore extends Record<AreaName, Statistic> {
  /** Answers that have the score, and how many of them are correct. */
  n: number
  correct: number
  incorrect: number
  auroc: Statistic
  /** DeLong's interval on the logit scale. */
  aurocLow: Statistic
  aurocHigh: Statistic
  /** Mann–Whitney's, two-sided, against an AUROC of 0.5. */
  p: Statistic
  /** Interval of the AUROC from resampled problems. */
  bootstrapLow: Statistic
  bootstrapHigh: Statistic
  /** Share of the resamples in which no answer of a class has the score; above a tenth there is no interval. */
  missedResamples: number
  /** Share of incorrect answers: the AUPRC of a score without information. */
  auprcBaseRate: Statistic
  /** Of the areas, from resampled problems. */
  intervals: Record<AreaName, ResampledInterval>
  /** Kendall's τ_b between the score and correctness (1 or 0), and its p. */
  kendallTau: Statistic
  kendallP: Statistic
}

/** The AUROC of one score minus that of another, over the answers that have both; p-values are adjusted over all such differences. */
export interface ScoreDifference extends AurocDifference, AdjustedP {
  score: string
  against: string
  /** Answers that have both, and how many of them are correct. */
  n: number
  correct: number
  incorrect: number
}

/** The areas of one score, and their intervals from the resamples that it is given. */
export function resampleAreas(
  { sorted }: Pick<SelectedScore, 'sorted'>,
  selection: Pick<Selection, 'correct' | 'incorrect' | 'problems' | 'count'>,
) {
  const groupsOf = weightedTieGroups(sorted, selection.incorrect)
  return resampledIntervals(
    scoreAreas,
    (weights): DrawnAnswers => {
      const groups = groupsOf(weights)
      return { groups, aurc: riskCoverageArea(groups) }
    },
    selection.count,
    countProblems(selection),
  )
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

/** How well a score tells incorrect from correct answers; `resampled` are its AUROCs in the resamples of a bootstrap. */
export function analyseScore(
  { sorted }: SelectedScore,
  { incorrect, problems }: Selection,
  resampled: Float64Array,
  { values, intervals }: ReturnType<typeof resampleAreas>,
): AnalysisScore {
  const groups = tieGroups(sorted, incorrect)
  const { auprc, ...areas } = values
  const area = auroc(groups)
  const interval = endsOf(partOf(area, 'interval'))
  const resampledInterval = endsOf(
    ifDefined(area, ({ value }) => bootstrapAurocInterval(groups, value, resampled, problems.count)),
  )
  const tau = kendall(groups)
  return {
    n: groups.total,
    correct: groups.total - groups.totalMarked,
    incorrect: groups.totalMarked,
    auroc: partOf(area, 'value'),
    aurocLow: interval.low,
    aurocHigh: interval.high,
    p: partOf(area, 'p'),
    bootstrapLow: resampledInterval.low,
    bootstrapHigh: resampledInterval.high,
    missedResamples: shareOfNaN(resampled),
    auprc,
    auprcBaseRate: groups.total === 0 ? none({ because: 'no-answers' }) : groups.totalMarked / groups.total,
    ...areas,
    intervals: intervals(),
    // Groups are of incorrect answers, Kendall's tau of correctness.
    kendallTau: ifDefined(tau, ({ coefficient }) => negated(coefficient)),
    kendallP: partOf(tau, 'p'),
  }
}

/** Every score against mean entropy and against length. */
export function scoreDifferences(
  selection: Selection,
  resampled: Map<string, Float64Array>,
): ScoreDifference[] {
  const { scores, incorrect, problems } = selection
  const influences = new Map(scores.map(score => [score.name, aurocInfluence(score.sorted, incorrect)]))
  const pairs = scores.flatMap((score, position) =>
    references.flatMap(reference => {
      const against = scores.find(({ name }) => name === reference)
      // The references are compared with each other once.
      const isTold = references.includes(score.name) && position <= scores.indexOf(against!)
      return !against || against === score || isTold ? [] : [{ score, against }]
    }),
  )
  const found = pairs.map(({ score, against }) => {
    const common = commonAnswers(score.values, against.values, incorrect)
    const isSame = common.count === score.sorted.order.length && common.count === against.sorted.order.length
    const influenceOf = ({ name, values }: SelectedScore) =>
      isSame
        ? influences.get(name)!
        : aurocInfluence(
            orderScores(values.map((value, index) => (common.has[index] ? value : Number.NaN))),
            incorrect,
          )
    const [one, other] = [resampled.get(score.name)!, resampled.get(against.name)!]
    const spread = isSame
      ? bootstrapSpread(
          one.map((value, index) => value - other[index]!),
          problems.count,
        )
      : none({ because: 'other-answers' })
    return {
      score: score.name,
      against: against.name,
      n: common.count,
      correct: common.count - common.incorrect,
      incorrect: common.incorrect,
      ...aurocDifference(influenceOf(score), influenceOf(against), spread),
    }
  })
  const adjusted = adjustP(found.map(({ p }) => p))
  return found.map((difference, index) => ({ ...difference, ...adjusted[index]! }))
}

function commonAnswers(first: Float64Array, second: Float64Array, marks: Uint8Array) {
  const has = marks.map((_, index) => (Number.isNaN(first[index]) || Number.isNaN(second[index]) ? 0 : 1))
  const count = has.reduce((sum, one) => sum + one, 0)
  return { has, count, incorrect: has.reduce((sum, one, index) => sum + one * marks[index]!, 0) }
}

function shareOfNaN(values: Float64Array): number {
  return values.length === 0 ? 0 : values.filter(Number.isNaN).length / values.length
}

function negated(value: number): number {
  return value === 0 ? 0 : -value
}
