import type { RunColumns } from '../formats/run-columns.ts'
import { type CalibratedSample, formatVersion, type SampleRecord } from '../formats/sample-record.ts'
import { type GradingRules, gradingWarning, hangsOnTolerance } from '../grade/grading-rules.ts'
import { analysisWarnings, findingsWarnings } from '../report/analysis-warnings.ts'
import { seededRandom } from '../seeded-random.ts'
import type {
  Analysis,
  AnalysisGroup,
  AnalysisPower,
  AnalysisShare,
  AnalysisStatistics,
  PermutationP,
} from './analysis.ts'
import { calibratedProbabilities, calibrateScore, problemsWith } from './calibration/calibration.ts'
import { columnsOf } from './columns.ts'
import { correctnessRegression } from './correctness-regression.ts'
import { type AskedSamples, type Coverage, coverageOf, partWarning } from './coverage.ts'
import { analyseIntervals, noAreas } from './entropy-intervals.ts'
import type { RunFindings } from './run-findings.ts'
import {
  affordableResamples,
  analyseScore,
  bootstrapScores,
  compareScores,
  resamplesForErrors,
} from './score-statistics.ts'
import { mainScore, rowsInOrder, type Selection, selectAnswers } from './selection.ts'
import { auroc } from './statistics/auroc.ts'
import { pearson, spearman } from './statistics/correlation.ts'
import {
  detectableAuroc,
  mannWhitney,
  permutationP,
  powerOfAuroc,
  samplesNeeded,
} from './statistics/hypothesis-tests.ts'
import { clusteredProportionInterval, type Interval, wilsonInterval } from './statistics/intervals.ts'
import { hedgesG, mean, median, sampleStandardDeviation } from './statistics/moments.ts'
import { orderScores, tieGroups } from './statistics/ranks.ts'
import { clustersOf } from './statistics/resampling.ts'
import { rejectionCurve } from './statistics/selective-prediction.ts'
import { analyseStrata, analyseWithinProblem } from './strata.ts'

/**
 * Says whether uncertainty predicts error: the content of `analysis.json`, from the columns of a run in any order. Statistics run over whatever
 * scores the columns hold; `findings` are what texts and tokens say beyond them, `grading` the rules that made the verdicts, `asked` what the run
 * was asked for, of which the samples may be a part. The same columns, seed and resamples (2,000; fewer for a large run) give the same analysis.
 */
export function analyseRun(
  run: RunColumns,
  {
    seed = 0,
    resamples = 2_000,
    grading,
    asked,
  }: Partial<AnalysisSettings & { grading: GradingRules; asked: AskedSamples }> = {},
  findings: RunFindings | null = null,
): Analysis {
  const rows = rowsInOrder(run)
  const completed = rows.filter(row => run.finishReason[row] === 'stop')
  const statistics = analyseStatistics(run, rows, { seed, resamples })
  const completedOnly =
    completed.length === rows.length ? statistics : analyseStatistics(run, completed, { seed, resamples })
  const coverage = asked ? columnsCoverage(asked, run) : null
  const withoutWarnings: Omit<Analysis, 'warnings'> = {
    formatVersion,
    ...(coverage && { coverage }),
    ...(grading && { grading: { ...grading, correctByToleranceOnly: countByTolerance(run) } }),
    ...statistics,
    seed,
    completedOnly,
  }
  const doubtfulRules = grading ? gradingWarning(grading) : null
  const part = partWarning(coverage)
  const warnings = [
    ...(part === null ? [] : [part]),
    ...(doubtfulRules === null ? [] : [doubtfulRules]),
    ...analysisWarnings(withoutWarnings, findings?.overrun),
  ]
  if (findings === null) return { ...withoutWarnings, warnings }
  return { ...withoutWarnings, ...findings, warnings: [...warnings, ...findingsWarnings(findings)] }
}

/**
 * The probability that each answer of a run is correct, in the order of its columns: what `calibration` of the analysis judges, by the
 * method that it prefers. NaN of answers that failed, and of all where there is no calibration. `seed` is the analysis's.
 */
export function calibrateAnswers(run: RunColumns, seed = 0): Float64Array {
  const { rows, entropy, correct, problems } = selectAnswers(run, rowsInOrder(run))
  const found = calibratedProbabilities(
    entropy.values,
    correct,
    problems,
    seededRandom(seed, streams.calibration),
  )
  const probabilities = new Float64Array(run.count).fill(Number.NaN)
  if (found) for (const [index, row] of rows.entries()) probabilities[row] = found[index]!
  return probabilities
}

/** The samples of a run, graded, each with `calibrateAnswers` of it; reads them once, and once more each time that it is asked. */
export function calibratedSamples(samples: () => Iterable<SampleRecord>): () => Generator<CalibratedSample> {
  const probabilities = calibrateAnswers(columnsOf(samples()))
  return function* () {
    let row = 0
    for (const sample of samples()) {
      const probability = probabilities[row++]!
      yield { ...sample, probabilityCorrect: Number.isNaN(probability) ? null : probability }
    }
  }
}

/** How much of a run its columns hold. */
export function columnsCoverage(
  asked: AskedSamples,
  { count, problemIndex, sampleIndex }: RunColumns,
): Coverage {
  return coverageOf(
    asked,
    Array.from({ length: count }, (_, row) => ({
      problemIndex: problemIndex[row]!,
      sampleIndex: sampleIndex[row]!,
    })),
  )
}

function countByTolerance({ correct, rule }: RunColumns): number {
  return rule.filter((text, row) => correct[row] === 1 && hangsOnTolerance(text)).length
}

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
