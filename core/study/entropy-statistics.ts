import { countProblems, type ProblemCounts, type Selection } from './selection.ts'
import { kendall, weightedPearson, weightedSpearman } from './statistics/correlation.ts'
import { fisherScale, logitScale, plainScale } from './statistics/intervals.ts'
import { hedgesG, type Moments, momentsOf } from './statistics/moments.ts'
import { orderScores, type ScoreOrder, type TieGroups, weightedTieGroups } from './statistics/ranks.ts'
import {
  onScale,
  type ResampledIntervals,
  type ResampledStatistic,
  resampledIntervals,
} from './statistics/resampling.ts'
import { aurocWithin, strataOf } from './strata.ts'
import { none, partOf, type Statistic } from './undefined.ts'

/** Answers that count so often each, as the statistics of mean entropy read them. */
interface DrawnEntropies {
  weights: Uint32Array
  values: Float64Array
  sorted: ScoreOrder
  /** 1 or 0 by answer, and the order of these and of the lengths. */
  verdicts: Float64Array
  verdictOrder: ScoreOrder
  lengthOrder: ScoreOrder
  /** Of the entropies of each class. */
  right: Moments
  wrong: Moments
  /** Right answers are marked. */
  groups: TieGroups
  withinLengths: (weights: Uint32Array) => Statistic
  withinLevels: (weights: Uint32Array) => Statistic
}

/**
 * What mean entropy shows beside its areas, by the names that intervals have in `analysis.json`: each is evaluated in resampled problems for its
 * interval, with the problems that hold what it is of. The interval of `pearson` is the point-biserial's as well.
 */
const entropyStatistics = {
  correctMean: { of: 'correct', interval: onScale(plainScale), compute: ({ right }) => meanOf(right) },
  incorrectMean: { of: 'incorrect', interval: onScale(plainScale), compute: ({ wrong }) => meanOf(wrong) },
  difference: {
    of: 'smallerClass',
    interval: onScale(plainScale),
    compute: ({ right, wrong }) => {
      if (right.n === 0 || wrong.n === 0) return none({ because: 'one-class', marked: right.n === 0 })
      return wrong.mean - right.mean
    },
  },
  // The deviation it is divided by rests on both classes.
  hedgesG: { of: 'all', interval: onScale(plainScale), compute: ({ right, wrong }) => hedgesG(wrong, right) },
  pearson: {
    of: 'smallerClass',
    interval: onScale(fisherScale),
    compute: ({ values, verdicts, weights }) => weightedPearson(values, verdicts, weights),
  },
  spearman: {
    of: 'smallerClass',
    interval: onScale(fisherScale),
    compute: ({ sorted, verdictOrder, weights }) => weightedSpearman(sorted, verdictOrder, weights),
  },
  kendall: {
    of: 'smallerClass',
    interval: onScale(fisherScale),
    compute: ({ groups }) => partOf(kendall(groups), 'coefficient'),
  },
  entropyLengthRho: {
    of: 'all',
    interval: onScale(fisherScale),
    compute: ({ sorted, lengthOrder, weights }) => weightedSpearman(sorted, lengthOrder, weights),
  },
  lengthAdjustedAuroc: {
    of: 'smallerClass',
    interval: onScale(logitScale),
    compute: ({ withinLengths, weights }) => withinLengths(weights),
  },
  levelAdjustedAuroc: {
    of: 'smallerClass',
    interval: onScale(logitScale),
    compute: ({ withinLevels, weights }) => withinLevels(weights),
  },
} as const satisfies Record<string, ResampledStatistic<DrawnEntropies, keyof ProblemCounts>>

/** Name of a statistic of mean entropy. */
export type EntropyStatisticName = keyof typeof entropyStatistics

/** The statistics of mean entropy, and their intervals from the resamples that it is given. */
export function resampleEntropy(
  selection: Pick<
    Selection,
    'entropy' | 'correct' | 'incorrect' | 'generatedTokens' | 'level' | 'problems' | 'count'
  >,
): ResampledIntervals<EntropyStatisticName> {
  const { entropy, correct, incorrect, generatedTokens, count } = selection
  const { values, sorted } = entropy
  const { byLength, byLevel } = strataOf(selection)
  const groupsOf = weightedTieGroups(sorted, correct)
  const same = {
    values,
    sorted,
    verdicts: Float64Array.from(correct),
    verdictOrder: orderScores(correct),
    lengthOrder: orderScores(generatedTokens),
    withinLengths: aurocWithin(byLength, selection),
    withinLevels: aurocWithin([...byLevel.values()], selection),
  }
  const momentsOfClass = (marks: Uint8Array, weights: Uint32Array) =>
    momentsOf(
      values,
      weights.map((weight, index) => weight * marks[index]!),
    )
  return resampledIntervals(
    entropyStatistics,
    (weights): DrawnEntropies => ({
      ...same,
      weights,
      right: momentsOfClass(correct, weights),
      wrong: momentsOfClass(incorrect, weights),
      groups: groupsOf(weights),
    }),
    count,
    countProblems(selection),
  )
}

function meanOf({ n, mean }: Moments): Statistic {
  return n === 0 ? none({ because: 'no-answers' }) : mean
}
