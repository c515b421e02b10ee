import { formatVersion } from '../record/run-files.ts'
import type { RunColumns } from '../record/run-tables.ts'
import { seededRandom } from '../seeded-random.ts'
import type { StudySettings } from './analyse-run.ts'
import { type AurocDifference, aurocDifference, aurocInfluence, weightedAuroc } from './statistics/auroc.ts'
import { clustersOf, resampleClusters } from './statistics/clusters.ts'
import { type AdjustedP, adjustP, mcNemarP } from './statistics/hypothesis-tests.ts'
import { endsOf } from './statistics/intervals.ts'
import { orderScores } from './statistics/ranks.ts'
import { affordableResamples, bootstrapSpread, plainInterval } from './statistics/resampling.ts'
import { none, partOf, type Recorded, type Statistic } from './undefined.ts'

/** One quantity of two runs over the answers that they share; differences are first − second, p is adjusted over accuracy and every score. */
interface RunDifference extends Omit<AurocDifference, 'low' | 'high'>, AdjustedP {
  first: Statistic
  second: Statistic
}

/** Whether two runs differ, paired by problem and number of the answer; each number that is undefined says why. */
export interface PairedRuns {
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
  aurocs: Record<string, RunDifference & AurocDifference & { n: number }>
}

/** The same with null for what is undefined, and why it is. */
export interface RunComparison extends Recorded<PairedRuns> {
  warnings: string[]
}

/**
 * Compares the accuracy of two runs, and for each score how well it predicts error in either, over the answers that both have (same
 * problemId and sampleIndex). Intervals resample problems; a large run takes fewer resamples, at least 200.
 */
export function comparePairedRuns(
  first: RunColumns,
  second: RunColumns,
  { seed = 0, resamples = 2_000 }: Partial<StudySettings> = {},
): PairedRuns {
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

  const taken = affordableResamples(rows.length * 2 * names.length, resamples)
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

  const onlyFirstCorrect = firstCorrect.filter((value, index) => value > secondCorrect[index]!).length
  const onlySecondCorrect = secondCorrect.filter((value, index) => value > firstCorrect[index]!).length
  const ofPairs = (value: number) => (rows.length === 0 ? none({ because: 'no-answers' }) : value)
  const [firstShare, secondShare] = [firstCorrect, secondCorrect].map(
    correct => correct.filter(Boolean).length / rows.length,
  ) as [number, number]
  const difference = ofPairs(firstShare - secondShare)
  const interval = endsOf(plainInterval(difference, bootstrapSpread(accuracyDraws, problems.count)))
  const accuracy = {
    first: ofPairs(firstShare),
    second: ofPairs(secondShare),
    difference,
    bootstrapLow: interval.low,
    bootstrapHigh: interval.high,
    p: ofPairs(mcNemarP(onlyFirstCorrect, onlySecondCorrect)),
    onlyFirstCorrect,
    onlySecondCorrect,
  }
  const aurocs = scores.map((score, column) => {
    const one = aurocInfluence(score.first, firstIncorrect)
    const other = aurocInfluence(score.second, secondIncorrect)
    return {
      n: score.first.order.length,
      first: partOf(one, 'value'),
      second: partOf(other, 'value'),
      ...aurocDifference(one, other, bootstrapSpread(scoreDraws[column]!, problems.count)),
    }
  })
  const [ofAccuracy, ...ofScores] = adjustP([accuracy.p, ...aurocs.map(({ p }) => p)])
  return {
    formatVersion,
    seed,
    resamples: taken,
    pairs: rows.length,
    problems: problems.count,
    onlyInFirst: first.count - rows.length,
    onlyInSecond: second.count - rows.length,
    accuracy: { ...accuracy, ...ofAccuracy! },
    aurocs: Object.fromEntries(
      names.map((name, column) => [name, { ...aurocs[column]!, ...ofScores[column]! }]),
    ),
  }
}

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
