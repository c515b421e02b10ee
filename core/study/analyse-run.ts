import { type GradingRules, hangsOnTolerance } from '../grade/grading-rules.ts'
import { formatVersion } from '../record/run-files.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { CalibratedSample, SampleRecord } from '../record/sample.ts'
import { seededRandom } from '../seeded-random.ts'
import type {
  AnalysisGroup,
  AnalysisPower,
  AnalysisShare,
  PermutationP,
  Study,
  StudyStatistics,
} from './analysis.ts'
import { calibratedProbabilities, calibrateScore } from './calibration/calibration.ts'
import { columnsOf } from './columns.ts'
import { correctnessRegression } from './correctness-regression.ts'
import { type AskedSamples, type Coverage, coverageOf } from './coverage.ts'
import { resampleEntropy } from './entropy-statistics.ts'
import type { RunFindings } from './findings.ts'
import { analyseScore, bootstrapScores, resampleAreas, scoreDifferences } from './score-statistics.ts'
import { mainScore, rowsInOrder, type Selection, selectAnswers } from './selection.ts'
import { auroc } from './statistics/auroc.ts'
import {
  clusteredProportionInterval,
  clustersOf,
  clustersWith,
  resampleClusters,
} from './statistics/clusters.ts'
import { pearson, spearman } from './statistics/correlation.ts'
import {
  detectableAuroc,
  mannWhitney,
  permutationP,
  powerOfAuroc,
  samplesNeeded,
} from './statistics/hypothesis-tests.ts'
import { endsOf, type Interval, wilsonInterval } from './statistics/intervals.ts'
import { mean, median, sampleStandardDeviation } from './statistics/moments.ts'
import { lackOfClass, orderScores, tieGroups } from './statistics/ranks.ts'
import { affordableResamples, resamplesForErrors } from './statistics/resampling.ts'
import { rejectionCurve } from './statistics/selective-prediction.ts'
import { analyseStrata, analyseWithinProblem } from './strata.ts'
import { isUndefined, none, orBecause, partOf, type Statistic } from './undefined.ts'

/**
 * Says whether uncertainty predicts error, from the columns of a run in any order. Statistics run over whatever scores the columns hold;
 * `findings` are what texts and tokens say beyond them, `grading` the rules that made the verdicts, `asked` what the run was asked for, of which
 * the samples may be a part. The same columns, seed and resamples (2,000; fewer for a large run) give the same numbers.
 */
export function studyRun(
  run: RunColumns,
  settings: Partial<StudySettings & { grading: GradingRules; asked: AskedSamples }> = {},
  findings: RunFindings | null = null,
): Study {
  const { seed = 0, resamples = 2_000, grading, asked } = settings
  const rows = rowsInOrder(run)
  const completed = rows.filter(row => run.finishReason[row] === 'stop')
  const statistics = studyStatistics(run, rows, { seed, resamples })
  return {
    formatVersion,
    ...(asked && { coverage: columnsCoverage(asked, run) }),
    ...(grading && { grading: { ...grading, correctByToleranceOnly: countByTolerance(run) } }),
    ...statistics,
    seed,
    completedOnly:
      completed.length === rows.length ? statistics : studyStatistics(run, completed, { seed, resamples }),
    ...findings,
  }
}

/**
 * The probability that each answer of a run is correct, in the order of its columns: what `calibration` of the analysis judges, by the
 * method that it prefers. NaN of answers that failed, and of all where there is no calibration. `seed` is the analysis's.
 */
export function calibrateAnswers(run: RunColumns, seed = 0): Float64Array {
  const { rows, entropy, correct, problems } = selectAnswers(run, rowsInOrder(run))
  const random = seededRandom(seed, streams.calibration)
  const found = calibratedProbabilities(entropy.values, correct, problems, random)
  const probabilities = new Float64Array(run.count).fill(Number.NaN)
  if (!isUndefined(found)) for (const [index, row] of rows.entries()) probabilities[row] = found[index]!
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
export function columnsCoverage(asked: AskedSamples, run: RunColumns): Coverage {
  const nameOf = (problemIndex: number, row: number) => ({ problemIndex, sampleIndex: run.sampleIndex[row]! })
  return coverageOf(asked, Array.from(run.problemIndex, nameOf))
}

function countByTolerance({ correct, rule }: RunColumns): number {
  return rule.filter((text, row) => correct[row] === 1 && hangsOnTolerance(text)).length
}

/** What a study does with chance. */
export interface StudySettings {
  seed: number
  /** Resamples of the bootstrap; a large run takes fewer. */
  resamples: number
}

const permutations = 9_999
/** A run of more answers takes Mann–Whitney's p, which is then the same to the digits that matter. */
const mostPermuted = 2_000
const powerTargets = [0.6, 0.65, 0.7]

/** Streams of random numbers: what one part draws changes nothing in another. */
const streams = { bootstrap: 1, permutation: 2, calibration: 3, intervals: 4 }

function studyStatistics(
  run: RunColumns,
  rows: readonly number[],
  { seed, resamples }: StudySettings,
): StudyStatistics {
  const selection = selectAnswers(run, rows)
  const { entropy, correct, incorrect, problems } = selection
  const total = rows.length
  const verdicts = Uint8Array.from(rows, row => run.correct[row]!)
  const clusters = clustersOf(rows.map(row => run.problemId[row]!))
  const numberCorrect = verdicts.reduce((sum, verdict) => sum + verdict, 0)
  const countRows = (counted: (row: number) => boolean) => rows.filter(counted).length
  const shareOf = (count: number) => (total === 0 ? none({ because: 'no-answers' }) : count / total)
  const shareInterval = (counted: (row: number) => boolean) => {
    const marks = Uint8Array.from(rows, row => (counted(row) ? 1 : 0))
    return orBecause(clusteredProportionInterval(marks, clusters), { because: 'no-answers' })
  }
  const isCut = (row: number) => run.finishReason[row] === 'length'
  const isWithoutAnswer = (row: number) =>
    run.finishReason[row] !== 'error' && run.extractedAnswer[row] === null
  const accuracy = shareOf(numberCorrect)

  const groupOf = (mark: number) =>
    describeGroup(
      entropy.values.filter((_, index) => correct[index] === mark),
      clustersWith(problems, correct, mark),
    )
  const [correctGroup, incorrectGroup] = [groupOf(1), groupOf(0)]
  const linear = pearson(entropy.values, correct)
  const ranked = spearman(entropy.values, correct)
  const groups = tieGroups(entropy.sorted, incorrect)
  const test = mannWhitney(groups)
  const classProduct = correctGroup.n * incorrectGroup.n

  const taken = affordableResamples(selection.count * selection.scores.length, resamples)
  const resampled = bootstrapScores(selection, taken, seededRandom(seed, streams.bootstrap))
  const ofEntropy = resampleEntropy(selection)
  const ofScores = selection.scores.map(score => ({ score, areas: resampleAreas(score, selection) }))
  resampleClusters(problems, resamplesForErrors(taken), seededRandom(seed, streams.intervals), weights => {
    ofEntropy.add(weights)
    for (const { areas } of ofScores) areas.add(weights)
  })
  const analysed = ofScores.map(({ score, areas }) => {
    const { name } = score
    return [name, analyseScore(score, selection, resampled.get(name)!, areas)] as const
  })
  const scores = Object.fromEntries(analysed)
  const main =
    scores[mainScore] ??
    analyseScore(entropy, selection, new Float64Array(), resampleAreas(entropy, selection))
  const byLength = auroc(tieGroups(orderScores(selection.generatedTokens), incorrect))
  const rOf = { r: partOf(linear, 'coefficient'), p: partOf(linear, 'p') }
  return {
    total,
    correct: numberCorrect,
    incorrect: total - numberCorrect,
    errors: countRows(row => run.finishReason[row] === 'error'),
    problems: clusters.count,
    accuracy: shareWith(accuracy, wilsonInterval(numberCorrect, total)),
    accuracyClustered: shareWith(accuracy, clusteredProportionInterval(verdicts, clusters)),
    capHitRate: shareOf(countRows(isCut)),
    extractionFailureRate: shareOf(countRows(isWithoutAnswer)),
    entropyNats: {
      correct: correctGroup,
      incorrect: incorrectGroup,
      difference: ofEntropy.values.difference,
      hedgesG: ofEntropy.values.hedgesG,
    },
    intervals: {
      ...ofEntropy.intervals(),
      ...main.intervals,
      capHitRate: shareInterval(isCut),
      extractionFailureRate: shareInterval(isWithoutAnswer),
    },
    pearson: rOf,
    pointBiserial: rOf,
    spearman: {
      rho: partOf(ranked, 'coefficient'),
      p: partOf(ranked, 'p'),
      largestPossible: lackOfClass(groups) ?? Math.sqrt((3 * classProduct) / (selection.count ** 2 - 1)),
    },
    kendall: { tau: main.kendallTau, p: main.kendallP },
    mannWhitney: { u: partOf(test, 'u'), p: partOf(test, 'p') },
    auroc: { value: main.auroc, low: main.aurocLow, high: main.aurocHigh, p: main.p },
    aurocBootstrap: {
      low: main.bootstrapLow,
      high: main.bootstrapHigh,
      resamples: taken,
      problems: problems.count,
    },
    aurocPermutationP: permute(selection, partOf(test, 'p'), seed),
    auprc: main.auprc,
    auprcBaseRate: main.auprcBaseRate,
    prr: main.prr,
    aurc: main.aurc,
    augrc: main.augrc,
    rejectionCurve: rejectionCurve(groups),
    scores,
    scoreComparisons: scoreDifferences(selection, resampled),
    logisticRegression: correctnessRegression(
      entropy.values,
      selection.generatedTokens,
      selection.level,
      correct,
    ),
    strata: analyseStrata(selection, ofEntropy.values),
    lengthConfounding: {
      entropyLengthRho: partOf(spearman(entropy.values, selection.generatedTokens), 'coefficient'),
      lengthAuroc: partOf(byLength, 'value'),
      lengthAurocP: partOf(byLength, 'p'),
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

function shareWith(value: Statistic, interval: Interval | null): AnalysisShare {
  return { value, ...endsOf(orBecause(interval, { because: 'no-answers' })) }
}

function describeGroup(entropies: Float64Array, problems: number): AnalysisGroup {
  const n = entropies.length
  return {
    n,
    problems,
    mean: orBecause(mean(entropies), { because: 'no-answers' }),
    sd: orBecause(sampleStandardDeviation(entropies), { because: 'too-few', n, least: 2 }),
    median: orBecause(median(entropies), { because: 'no-answers' }),
  }
}

function permute(
  { count, entropy, incorrect, problems }: Selection,
  asymptotic: Statistic,
  seed: number,
): PermutationP {
  if (isUndefined(asymptotic) || count > mostPermuted)
    return { value: asymptotic, method: 'asymptotic', permutations: 0 }
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
      samplesNeeded: samplesNeeded(target, incorrect, correct),
    })),
  }
}
