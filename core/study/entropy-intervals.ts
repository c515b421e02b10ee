import { problemsWith } from './calibration/calibration.ts'
import type { SelectedScore, Selection } from './selection.ts'
import { averagePrecision } from './statistics/auroc.ts'
import { kendall, weightedPearson, weightedSpearman } from './statistics/correlation.ts'
import { mannWhitney } from './statistics/hypothesis-tests.ts'
import { belowOneScale, fisherScale, logitScale, plainScale } from './statistics/intervals.ts'
import { hedgesGOfMoments, weightedMoments } from './statistics/moments.ts'
import { orderScores, weightedTieGroups } from './statistics/ranks.ts'
import {
  onScale,
  type ResampledInterval,
  type ResampledIntervals,
  resampleClusters,
  resampledIntervals,
} from './statistics/resampling.ts'
import {
  generalizedRiskCoverageArea,
  predictionRejectionRatio,
  riskCoverageArea,
} from './statistics/selective-prediction.ts'
import { strataOf } from './strata.ts'

type Intervals<Name extends string> = Record<Name, ResampledInterval | null>

/** 95 % intervals of a score's areas, from resampled problems; null where the area is undefined. */
export type AreaIntervals = Intervals<'auprc' | 'prr' | 'aurc' | 'augrc'>

/**
 * 95 % intervals of what mean entropy shows, from resampled problems, by the name of the number; null where the number is undefined. That of
 * `pearson` is the point-biserial's as well.
 */
export type EntropyIntervals = Intervals<
  | 'correctMean'
  | 'incorrectMean'
  | 'difference'
  | 'hedgesG'
  | 'pearson'
  | 'spearman'
  | 'kendall'
  | 'entropyLengthRho'
  | 'lengthAdjustedAuroc'
  | 'levelAdjustedAuroc'
>

/** The intervals of mean entropy, and those of every score's areas by its name. */
export interface SelectionIntervals {
  entropy: EntropyIntervals
  areas: Map<string, AreaIntervals>
}

/** Of a score that no answer has. */
export const noAreas: AreaIntervals = { auprc: null, prr: null, aurc: null, augrc: null }

/** Intervals from so many resamples of the problems; all see the same ones. */
export function analyseIntervals(
  selection: Selection,
  resamples: number,
  random: () => number,
): SelectionIntervals {
  const { scores, problems } = selection
  const entropy = intervalsOfEntropy(selection)
  const areas = scores.map(score => ({ name: score.name, resampled: intervalsOfAreas(score, selection) }))
  resampleClusters(problems, resamples, random, weights => {
    entropy.add(weights)
    for (const { resampled } of areas) resampled.add(weights)
  })
  return {
    entropy: entropy.intervals(),
    areas: new Map(areas.map(({ name, resampled }) => [name, resampled.intervals()])),
  }
}

/** The areas of one score, to be evaluated in resamples. */
export function intervalsOfAreas(
  { sorted }: Pick<SelectedScore, 'sorted'>,
  selection: Pick<Selection, 'correct' | 'incorrect' | 'problems' | 'count'>,
): ResampledIntervals<keyof AreaIntervals> {
  const { incorrect, problems, count } = selection
  const ofSmallerClass = Math.min(...problemsOfClasses(selection))
  const groupsOf = weightedTieGroups(sorted, incorrect)
  return resampledIntervals(
    {
      // Its standard error is the smaller the larger it comes out, and this scale makes good for that.
      auprc: { interval: onScale(belowOneScale, 0), clusters: ofSmallerClass },
      prr: { interval: onScale(belowOneScale), clusters: ofSmallerClass },
      aurc: { interval: onScale(logitScale), clusters: problems.count },
      augrc: { interval: onScale(logitScale), clusters: problems.count },
    },
    weights => {
      const groups = groupsOf(weights)
      const aurc = riskCoverageArea(groups)
      return {
        auprc: averagePrecision(groups),
        prr: predictionRejectionRatio(groups, aurc),
        aurc,
        augrc: generalizedRiskCoverageArea(groups),
      }
    },
    count,
  )
}

/** What mean entropy shows beside its areas, to be evaluated in resamples. */
export function intervalsOfEntropy(
  selection: Pick<
    Selection,
    'entropy' | 'correct' | 'incorrect' | 'generatedTokens' | 'level' | 'problems' | 'count'
  >,
): ResampledIntervals<keyof EntropyIntervals> {
  const { entropy, correct, incorrect, generatedTokens, problems, count } = selection
  const { values, sorted } = entropy
  const [ofCorrect, ofIncorrect] = problemsOfClasses(selection)
  const clusters = Math.min(ofCorrect, ofIncorrect)
  const groupsOf = weightedTieGroups(sorted, correct)
  const { byLength, byLevel } = strataOf(selection)
  const withinLengths = withinStrata(byLength, selection)
  const withinLevels = withinStrata([...byLevel.values()], selection)
  const verdicts = Float64Array.from(correct)
  const [verdictOrder, lengthOrder] = [orderScores(correct), orderScores(generatedTokens)]
  return resampledIntervals(
    {
      correctMean: { interval: onScale(plainScale), clusters: ofCorrect },
      incorrectMean: { interval: onScale(plainScale), clusters: ofIncorrect },
      difference: { interval: onScale(plainScale), clusters },
      // The deviation it is divided by rests on both classes.
      hedgesG: { interval: onScale(plainScale), clusters: problems.count },
      pearson: { interval: onScale(fisherScale), clusters },
      spearman: { interval: onScale(fisherScale), clusters },
      kendall: { interval: onScale(fisherScale), clusters },
      entropyLengthRho: { interval: onScale(fisherScale), clusters: problems.count },
      lengthAdjustedAuroc: { interval: onScale(logitScale), clusters },
      levelAdjustedAuroc: { interval: onScale(logitScale), clusters },
    },
    weights => {
      const momentsOf = (marks: Uint8Array) => {
        const ofClass = new Uint32Array(count)
        for (let index = 0; index < count; index++) ofClass[index] = weights[index]! * marks[index]!
        return weightedMoments(values, ofClass)
      }
      const [right, wrong] = [momentsOf(correct), momentsOf(incorrect)]
      return {
        correctMean: right.mean,
        incorrectMean: wrong.mean,
        difference: wrong.mean - right.mean,
        hedgesG: hedgesGOfMoments(wrong, right),
        pearson: weightedPearson(values, verdicts, weights),
        spearman: weightedSpearman(sorted, verdictOrder, weights),
        kendall: kendall(groupsOf(weights))?.coefficient ?? null,
        entropyLengthRho: weightedSpearman(sorted, lengthOrder, weights),
        lengthAdjustedAuroc: withinLengths(weights),
        levelAdjustedAuroc: withinLevels(weights),
      }
    },
    count,
  )
}

/** The AUROC over the pairs within a stratum; null where no stratum holds both classes. */
function withinStrata(
  strata: readonly Uint32Array[],
  { entropy, incorrect }: Pick<Selection, 'entropy' | 'incorrect'>,
): (weights: Uint32Array) => number | null {
  const parts = strata.map(rows => {
    const values = new Float64Array(incorrect.length).fill(Number.NaN)
    for (const row of rows) values[row] = entropy.values[row]!
    return weightedTieGroups(orderScores(values), incorrect)
  })
  return weights => {
    let wins = 0
    let pairs = 0
    for (const groupsOf of parts) {
      const groups = groupsOf(weights)
      wins += mannWhitney(groups)?.u ?? 0
      pairs += groups.totalMarked * (groups.total - groups.totalMarked)
    }
    return pairs === 0 ? null : wins / pairs
  }
}

function problemsOfClasses({ problems, correct }: Pick<Selection, 'problems' | 'correct'>): [number, number] {
  return [problemsWith(problems, correct, 1), problemsWith(problems, correct, 0)]
}
