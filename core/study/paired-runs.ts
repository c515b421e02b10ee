import type { RunColumns } from '../formats/run-columns.ts'
import { formatVersion } from '../formats/sample-record.ts'
import { gatherUndefined, type Incomplete, type Undefined } from '../report/undefined-warnings.ts'
import { seededRandom } from '../seeded-random.ts'
import type { AnalysisSettings } from './analyse-run.ts'
import {
  type AurocDifference,
  type AurocInfluence,
  aurocInfluence,
  compareAurocs,
} from './statistics/auroc.ts'
import { adjustBenjaminiHochberg, adjustHolm, mcNemarP } from './statistics/hypothesis-tests.ts'
import { orderScores } from './statistics/ranks.ts'
import { bootstrapSpread, clustersOf, resampleClusters, weightedAuroc } from './statistics/resampling.ts'

const mostWork = 4e8
const fewestResamples = 200

/**
 * Compares the accuracy of two runs, and for each score how well it predicts error in either, over the answers that both have (same
 * problemId and sampleIndex). Intervals resample problems; a large run takes fewer resamples, at least 200.
 */
export function compareRuns(
  first: RunColumns,
  second: RunColumns,
  { seed = 0, resamples = 2_000 }: Partial<AnalysisSettings> = {},
): RunComparison {
  const rows = pairRows(first, second)
  const problems = clustersOf(rows.map(([row]) => first.problemId[row]!))
  const firstCorrect = Uint8Array.from(rows, ([row]) => first.correct[row]!)
  const secondCorrect = Uint8Array.from(rows, ([, row]) => second.correct[row]!)
  const firstIncorrect = firstCorrect.map(value => 1 - value)
  const secondIncorrect = secondCorrect.map(value => 1 - value)
  const names = Object.keys(first.scores).filter(name => second.scores[name])
  const scores = names.map(name => {
    const hasBoth = rows.map(
      ([one, other]) =>
        first.finishReason[one] !== 'error' &&
        second.finishReason[other] !== 'error' &&
        Number.isFinite(first.scores[name]![one]) &&
        Number.isFinite(second.scores[name]![other]),
    )
    const order = (run: RunColumns, side: 0 | 1) =>
      orderScores(rows.map((pair, index) => (hasBoth[index] ? run.scores[name]![pair[side]]! : Number.NaN)))
    return { name, first: order(first, 0), second: order(second, 1) }
  })

  const affordable = Math.floor(mostWork / Math.max(1, rows.length * 2 * names.length))
  const taken = Math.min(resamples, Math.max(fewestResamples, affordable))
  const accuracyDraws = new Float64Array(taken)
  const scoreDraws = scores.map(() => new Float64Array(taken))
  resampleClusters(problems, taken, seededRandom(seed), (weights, resample) => {
    let total = 0
    let gained = 0
    for (let index = 0; index < rows.length; index++) {
      total += weights[index]!
      gained += weights[index]! * (firstCorrect[index]! - secondCorrect[index]!)
    }
    accuracyDraws[resample] = gained / total
    for (const [column, score] of scores.entries()) {
      scoreDraws[column]![resample] =
        weightedAuroc(score.first, firstIncorrect, weights) -
        weightedAuroc(score.second, secondIncorrect, weights)
    }
  })

  const onlyFirstCorrect = count(firstCorrect, (value, index) => value > secondCorrect[index]!)
  const onlySecondCorrect = count(secondCorrect, (value, index) => value > firstCorrect[index]!)
  const share = (correct: Uint8Array) => (rows.length === 0 ? null : count(correct, Boolean) / rows.length)
  const [firstShare, secondShare] = [share(firstCorrect), share(secondCorrect)]
  const accuracyDifference = firstShare === null || secondShare === null ? null : firstShare - secondShare
  const accuracy = {
    first: firstShare,
    second: secondShare,
    difference: accuracyDifference,
    ...intervalAround(accuracyDifference, accuracyDraws, problems.count),
    p: rows.length === 0 ? null : mcNemarP(onlyFirstCorrect, onlySecondCorrect),
    onlyFirstCorrect,
    onlySecondCorrect,
  }
  const incomplete: Incomplete[] = []
  const aurocs = scores.map((score, column) => {
    const n = score.first.order.length
    const one = aurocInfluence(score.first, firstIncorrect)
    const other = aurocInfluence(score.second, secondIncorrect)
    const difference = one && other && compareAurocs(one, other)
    const bootstrapped = intervalAround(difference?.value ?? null, scoreDraws[column]!, problems.count)
    const missing = missingOf(n, [one, other], difference, bootstrapped, problems.count, scoreDraws[column]!)
    incomplete.push({ name: score.name, missing, all: 'Every score', alike: scores.length })
    return {
      n,
      first: one?.value ?? null,
      second: other?.value ?? null,
      difference: difference?.value ?? null,
      low: difference?.interval?.low ?? null,
      high: difference?.interval?.high ?? null,
      ...bootstrapped,
      p: difference?.p ?? null,
    }
  })
  const pValues = [accuracy.p, ...aurocs.map(({ p }) => p)]
  const holm = adjustHolm(pValues)
  const benjaminiHochberg = adjustBenjaminiHochberg(pValues)
  const adjusted = (test: number) => ({ pHolm: holm[test]!, pBenjaminiHochberg: benjaminiHochberg[test]! })
  const comparison = {
    formatVersion,
    seed,
    resamples: taken,
    pairs: rows.length,
    problems: problems.count,
    onlyInFirst: first.count - rows.length,
    onlyInSecond: second.count - rows.length,
    accuracy: { ...accuracy, ...adjusted(0) },
    aurocs: Object.fromEntries(
      names.map((name, column) => [name, { ...aurocs[column]!, ...adjusted(column + 1) }]),
    ),
  } satisfies Omit<RunComparison, 'formatVersion' | 'warnings'> & { formatVersion: string }
  const warnings = comparisonWarnings(comparison, gatherUndefined(incomplete))
  return { ...comparison, formatVersion, warnings }
}

/** Rows of the answers that both runs have, in the order of the first run's problems. */
function pairRows(first: RunColumns, second: RunColumns): [number, number][] {
  const key = (run: RunColumns, row: number) => `${run.sampleIndex[row]} ${run.problemId[row]}`
  const rowOf = new Map<string, number>()
  for (let row = 0; row < second.count; row++) rowOf.set(key(second, row), row)
  const pairs: [number, number][] = []
  for (let row = 0; row < first.count; row++) {
    const other = rowOf.get(key(first, row))
    if (other !== undefined) pairs.push([row, other])
  }
  return pairs.sort(
    ([one], [other]) =>
      first.problemIndex[one]! - first.problemIndex[other]! ||
      first.sampleIndex[one]! - first.sampleIndex[other]!,
  )
}

function intervalAround(
  value: number | null,
  draws: Float64Array,
  clusters: number,
): Pick<RunDifference, 'bootstrapLow' | 'bootstrapHigh'> {
  const spread = value === null ? null : bootstrapSpread(draws, clusters)
  if (value === null || spread === null) return { bootstrapLow: null, bootstrapHigh: null }
  const half = spread.standardError * spread.quantile
  return { bootstrapLow: value - half, bootstrapHigh: value + half }
}

/** Which numbers of the comparison of a score are undefined, and why. */
function missingOf(
  n: number,
  runs: [AurocInfluence | null, AurocInfluence | null],
  difference: AurocDifference | null,
  bootstrapped: Pick<RunDifference, 'bootstrapLow'>,
  problems: number,
  draws: Float64Array,
): Undefined[] {
  const which = (lacks: (run: AurocInfluence | null) => boolean) =>
    lacks(runs[0]) ? (lacks(runs[1]) ? 'both runs' : 'the first run') : 'the second run'
  if (difference === null) {
    const reason =
      n === 0
        ? 'no answer has the score in both runs'
        : `the answers that have the score in both are of one class in ${which(run => run === null)}`
    return [{ what: 'AUROC, its difference with intervals and p', reason }]
  }
  const missing: Undefined[] = []
  if (difference.p === null) {
    const isSingle = (run: AurocInfluence | null) => run !== null && run.smallestClass < 2
    const reason = runs.some(isSingle)
      ? `a class has a single answer in ${which(isSingle)}`
      : 'in both runs every answer of a class beats the same share of the other class'
    missing.push({ what: "DeLong's interval and p of the difference of AUROC", reason })
  }
  if (bootstrapped.bootstrapLow === null) {
    const missed = draws.filter(Number.isNaN).length / draws.length
    const reason =
      problems < 2
        ? 'there is a single problem'
        : `${(100 * missed).toFixed(1)} % of the resamples hold no answer of a class that has the score`
    missing.push({ what: 'bootstrap interval of the difference of AUROC', reason })
  }
  return missing
}

function comparisonWarnings(
  comparison: Pick<RunComparison, 'pairs' | 'problems' | 'onlyInFirst' | 'onlyInSecond' | 'accuracy'>,
  ofScores: string[],
): string[] {
  const { pairs, problems, onlyInFirst, onlyInSecond, accuracy } = comparison
  if (pairs === 0)
    return ['The runs have no answer in common (by problem and number of the answer): all is undefined.']
  const warnings: string[] = []
  if (onlyInFirst + onlyInSecond > 0) {
    warnings.push(
      `${onlyInFirst} answers of the first run and ${onlyInSecond} of the second have no partner in the other and are left out.`,
    )
  }
  if (problems < pairs) {
    warnings.push(
      `There are ${pairs} answers to ${problems} problems, and answers to one problem are not independent: read the bootstrap intervals; the tests of McNemar and DeLong are too sure.`,
    )
  }
  const disagreements = accuracy.onlyFirstCorrect + accuracy.onlySecondCorrect
  if (disagreements < 6) {
    warnings.push(
      `The runs disagree about ${disagreements} answers: with fewer than 6 no test of the accuracy reaches p < 0.05.`,
    )
  }
  if (accuracy.bootstrapLow === null) {
    warnings.push('The interval of the accuracy is undefined, because there is a single problem.')
  }
  return [...warnings, ...ofScores]
}

function count(values: Uint8Array, counted: (value: number, index: number) => boolean): number {
  let sum = 0
  for (const [index, value] of values.entries()) if (counted(value, index)) sum++
  return sum
}

/** One quantity of two runs over the answers that they share; differences are first − second. */
export interface RunDifference {
  first: number | null
  second: number | null
  difference: number | null
  /** 95 % interval from resampled problems. */
  bootstrapLow: number | null
  bootstrapHigh: number | null
  /** Two-sided. */
  p: number | null
  /** Adjusted over all tests of the comparison: accuracy and every score. */
  pHolm: number | null
  pBenjaminiHochberg: number | null
}

/** Whether two runs differ, paired by problem and number of the answer. */
export interface RunComparison {
  formatVersion: typeof formatVersion
  seed: number
  /** How often the problems were drawn again. */
  resamples: number
  /** Answers that both runs have. */
  pairs: number
  /** Different problems among them. */
  problems: number
  /** Answers that only one of the runs has; they are left out. */
  onlyInFirst: number
  onlyInSecond: number
  /** Samples that failed count as incorrect; p is McNemar's exact. */
  accuracy: RunDifference & {
    /** Pairs that only the first, or only the second, run has right. */
    onlyFirstCorrect: number
    onlySecondCorrect: number
  }
  /** AUROC of every score that both runs have, over the answers where neither lacks it; p is DeLong's for paired samples. */
  aurocs: Record<string, RunDifference & { n: number; low: number | null; high: number | null }>
  warnings: string[]
}
