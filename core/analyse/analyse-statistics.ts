import type { RunColumns } from '../formats/run-columns.ts'
import { seededRandom } from '../seeded-random.ts'
import { analyseIntervals, noAreas } from './analyse-intervals.ts'
import { analyseScore, compareScores } from './analyse-scores.ts'
import { analyseStrata, analyseWithinProblem } from './analyse-strata.ts'
import type {
  AnalysisGroup,
  AnalysisPower,
  AnalysisShare,
  AnalysisStatistics,
  PermutationP,
} from './analysis.ts'
import { affordableResamples, bootstrapScores, resamplesForErrors } from './bootstrap-scores.ts'
import { calibrateScore, problemsWith } from './calibration/calibrate-score.ts'
import { correctnessRegression } from './correctness-regression.ts'
import { mainScore, type Selection, selectAnswers } from './selection.ts'
import { auroc } from './statistics/auroc.ts'
import { clusteredProportionInterval } from './statistics/clustered-proportion.ts'
import { clustersOf } from './statistics/clusters.ts'
import { hedgesG } from './statistics/hedges-g.ts'
import { mannWhitney } from './statistics/mann-whitney.ts'
import { mean } from './statistics/mean.ts'
import { median } from './statistics/median.ts'
import { pearson } from './statistics/pearson.ts'
import { permutationP } from './statistics/permutation-test.ts'
import { detectableAuroc, powerOfAuroc, samplesNeeded } from './statistics/power-of-auroc.ts'
import { rejectionCurve } from './statistics/rejection-curve.ts'
import { sampleStandardDeviation } from './statistics/sample-standard-deviation.ts'
import { orderScores } from './statistics/score-order.ts'
import { spearman } from './statistics/spearman.ts'
import { tieGroups } from './statistics/tie-groups.ts'
import { type Interval, wilsonInterval } from './statistics/wilson-interval.ts'

/** What an analysis does with chance. */
export interface AnalysisSettings {
  seed: number
  /** Resamples of the bootstrap; a large run takes fewer. */
  resamples: number
}

const permutations = 9_999
/** A run of more answers takes Mann–Whitney's p, which is then the same to the digits that matter. */
const mostPermuted = 2_000
const powerTargets = [0.6, 0.65, 0.7]

/** Streams of random numbers: what one part draws changes nothing in another. */
export const streams = { bootstrap: 1, permutation: 2, calibration: 3, intervals: 4 }

/** The statistics of the samples in these rows, in any order. */
export function analyseStatistics(
  run: RunColumns,
  rows: readonly number[],
  { seed, resamples }: AnalysisSettings,
): AnalysisStatistics {
  const selection = selectAnswers(run, rows)
  const { entropy, correct, incorrect, problems } = selection
  const total = rows.length
  const verdicts = Uint8Array.from(rows, row => run.correct[row]!)
  const clusters = clustersOf(rows.map(row => run.problemId[row]!))
  const numberCorrect = verdicts.reduce((sum, verdict) => sum + verdict, 0)
  const share = (counted: (row: number) => boolean) =>
    total === 0 ? null : rows.filter(counted).length / total
  const shareInterval = (counted: (row: number) => boolean) =>
    clusteredProportionInterval(
      Uint8Array.from(rows, row => (counted(row) ? 1 : 0)),
      clusters,
    )
  const isCut = (row: number) => run.finishReason[row] === 'length'
  const isWithoutAnswer = (row: number) =>
    run.finishReason[row] !== 'error' && run.extractedAnswer[row] === null
  const accuracy = total === 0 ? null : numberCorrect / total

  const correctEntropies = entropy.values.filter((_, index) => correct[index] === 1)
  const incorrectEntropies = entropy.values.filter((_, index) => incorrect[index] === 1)
  const [correctGroup, incorrectGroup] = [
    describeGroup(correctEntropies, problemsWith(problems, correct, 1)),
    describeGroup(incorrectEntropies, problemsWith(problems, correct, 0)),
  ]
  const linear = pearson(entropy.values, correct)
  const ranked = spearman(entropy.values, correct)
  const groups = tieGroups(entropy.sorted, incorrect)
  const test = mannWhitney(groups)
  const classProduct = correctGroup.n * incorrectGroup.n

  const taken = affordableResamples(selection, resamples)
  const resampled = bootstrapScores(selection, taken, seededRandom(seed, streams.bootstrap))
  const intervals = analyseIntervals(
    selection,
    resamplesForErrors(taken),
    seededRandom(seed, streams.intervals),
  )
  const scores = Object.fromEntries(
    selection.scores.map(score => {
      const { name } = score
      return [name, analyseScore(score, selection, resampled.get(name)!, intervals.areas.get(name)!)]
    }),
  )
  const main = scores[mainScore] ?? analyseScore(entropy, selection, new Float64Array(0), noAreas)
  const byLength = auroc(tieGroups(orderScores(selection.generatedTokens), incorrect))
  return {
    total,
    correct: numberCorrect,
    incorrect: total - numberCorrect,
    errors: rows.filter(row => run.finishReason[row] === 'error').length,
    problems: clusters.count,
    accuracy: shareWith(accuracy, wilsonInterval(numberCorrect, total)),
    accuracyClustered: shareWith(accuracy, clusteredProportionInterval(verdicts, clusters)),
    capHitRate: share(isCut),
    extractionFailureRate: share(isWithoutAnswer),
    entropyNats: {
      correct: correctGroup,
      incorrect: incorrectGroup,
      difference:
        correctGroup.mean === null || incorrectGroup.mean === null
          ? null
          : incorrectGroup.mean - correctGroup.mean,
      hedgesG: hedgesG(incorrectEntropies, correctEntropies),
    },
    intervals: {
      ...intervals.entropy,
      ...main.intervals,
      capHitRate: shareInterval(isCut),
      extractionFailureRate: shareInterval(isWithoutAnswer),
    },
    pearson: { r: linear?.coefficient ?? null, p: linear?.p ?? null },
    pointBiserial: { r: linear?.coefficient ?? null, p: linear?.p ?? null },
    spearman: {
      rho: ranked?.coefficient ?? null,
      p: ranked?.p ?? null,
      largestPossible: classProduct === 0 ? null : Math.sqrt((3 * classProduct) / (selection.count ** 2 - 1)),
    },
    kendall: { tau: main.kendallTau, p: main.kendallP },
    mannWhitney: { u: test?.u ?? null, p: test?.p ?? null },
    auroc: { value: main.auroc, low: main.aurocLow, high: main.aurocHigh, p: main.p },
    aurocBootstrap: {
      low: main.bootstrapLow,
      high: main.bootstrapHigh,
      resamples: taken,
      problems: problems.count,
    },
    aurocPermutationP: permute(selection, test?.p ?? null, seed),
    auprc: main.auprc,
    auprcBaseRate: main.auprcBaseRate,
    prr: main.prr,
    aurc: main.aurc,
    augrc: main.augrc,
    rejectionCurve: rejectionCurve(groups),
    scores,
    scoreComparisons: compareScores(selection, resampled),
    logisticRegression: correctnessRegression(
      entropy.values,
      selection.generatedTokens,
      selection.level,
      correct,
    ),
    strata: analyseStrata(selection),
    lengthConfounding: {
      entropyLengthRho: spearman(entropy.values, selection.generatedTokens)?.coefficient ?? null,
      lengthAuroc: byLength?.value ?? null,
      lengthAurocP: byLength?.p ?? null,
    },
    withinProblem: analyseWithinProblem(selection),
    power: describePower(incorrectGroup.n, correctGroup.n),
    calibration: calibrateScore(
      entropy.values,
      correct,
      problems,
      resamplesForErrors(taken),
      seededRandom(seed, streams.calibration),
    ),
  }
}

function shareWith(value: number | null, interval: Interval | null): AnalysisShare {
  return { value, low: interval?.low ?? null, high: interval?.high ?? null }
}

function describeGroup(entropies: Float64Array, problems: number): AnalysisGroup {
  return {
    n: entropies.length,
    problems,
    mean: mean(entropies),
    sd: sampleStandardDeviation(entropies),
    median: median(entropies),
  }
}

function permute(
  { count, entropy, incorrect, problems }: Selection,
  asymptotic: number | null,
  seed: number,
): PermutationP {
  if (asymptotic === null || count > mostPermuted) {
    return { value: asymptotic, method: 'asymptotic', permutations: 0 }
  }
  const random = seededRandom(seed, streams.permutation)
  return {
    value: permutationP(entropy.sorted, incorrect, problems, permutations, random),
    method: problems.count === count ? 'answers' : 'problems',
    permutations,
  }
}

function describePower(incorrect: number, correct: number): AnalysisPower {
  return {
    detectableAuroc80: detectableAuroc(incorrect, correct),
    targets: powerTargets.map(target => ({
      auroc: target,
      power: powerOfAuroc(target, incorrect, correct),
      samplesNeeded: samplesNeeded(target, incorrect / (incorrect + correct)),
    })),
  }
}
