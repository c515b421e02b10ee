import { countProblems, type ProblemCounts, type Selection } from './selection.ts'
import { kendall, weightedPearson, weightedSpearman } from './statistics/correlation.ts'
import { fisherScale, type IntervalScale, logitScale, plainScale } from './statistics/intervals.ts'
import { hedgesG, type Moments, momentsOf } from './statistics/moments.ts'
import { orderScores, type ScoreOrder, type TieGroups, weightedTieGroups } from './statistics/ranks.ts'
import { onScale, type ResampledStatistic, resampledIntervals } from './statistics/resampling.ts'
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
  correctMean: statistic('correct', plainScale, ({ right }) => meanOf(right)),
  incorrectMean: statistic('incorrect', plainScale, ({ wrong }) => meanOf(wrong)),
  difference: statistic('smallerClass', plainScale, ({ right, wrong }) =>
    right.n === 0 || wrong.n === 0
      ? none({ because: 'one-class', marked: right.n === 0 })
      : wrong.mean - right.mean,
  ),
  // The deviation it is divided by rests on both classes.
  hedgesG: statistic('all', plainScale, ({ right, wrong }) => hedgesG(wrong, right)),
  pearson: statistic('smallerClass', fisherScale, ({ values, verdicts, weights }) =>
    weightedPearson(values, verdicts, weights),
  ),
  spearman: statistic('smallerClass', fisherScale, ({ sorted, verdictOrder, weights }) =>
    weightedSpearman(sorted, verdictOrder, weights),
  ),
  kendall: statistic('smallerClass', fisherScale, ({ groups }) => partOf(kendall(groups), 'coefficient')),
  entropyLengthRho: statistic('all', fisherScale, ({ sorted, lengthOrder, weights }) =>
    weightedSpearman(sorted, lengthOrder, weights),
  ),
  lengthAdjustedAuroc: statistic('smallerClass', logitScale, drawn => drawn.withinLengths(drawn.weights)),
  levelAdjustedAuroc: statistic('smallerClass', logitScale, drawn => drawn.withinLevels(drawn.weights)),
}

type EntropyStatistic = ResampledStatistic<DrawnEntropies, keyof ProblemCounts>

function statistic(
  of: keyof ProblemCounts,
  scale: IntervalScale,
  compute: EntropyStatistic['compute'],
): EntropyStatistic {
  return { of, interval: onScale(scale), compute }
}

/** Name of a statistic of mean entropy. */
export type EntropyStatisticName = keyof typeof entropyStatistics

/** The statistics of mean entropy, and their intervals from the resamples that it is given. */
export function resampleEntropy(
  selection: Pick<
    Selection,
    'entropy' | 'correct' | 'incorrect' | 'generatedTokens' | 'level' | 'problems' | 'count'
  >,
) {
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
