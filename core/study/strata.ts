import type { Selection } from './selection.ts'
import { auroc, stratifiedAuroc } from './statistics/auroc.ts'
import { mannWhitney } from './statistics/hypothesis-tests.ts'
import { endsOf } from './statistics/intervals.ts'
import { equalMassBins, orderScores, tieGroups, weightedTieGroups } from './statistics/ranks.ts'
import { none, orNull, partOf, type Reason, type Statistic } from './undefined.ts'

/** Answers that are alike in length or level. */
export interface AnalysisStratum {
  /** Such as "31 to 45 tokens" or "level 3". */
  label: string
  n: number
  correct: number
  incorrect: number
  /** Of mean entropy within the stratum, with DeLong's interval. */
  auroc: Statistic
  low: Statistic
  high: Statistic
}

/** Whether entropy tells right from wrong among answers that are alike. */
export interface AnalysisStrata {
  /** About equal numbers of answers, by generated tokens. */
  length: AnalysisStratum[]
  /** AUROC over the pairs of an incorrect and a correct answer in one stratum of length: what is left when like is compared with like. */
  lengthAdjustedAuroc: Statistic
  /** Different levels among the answers; 0 where the data set names none. */
  levels: number
  /** By the data set's level; empty without levels or with more than 20. */
  level: AnalysisStratum[]
  levelAdjustedAuroc: Statistic
}

/** AUROC of mean entropy among the answers to one problem, where difficulty is the same. */
export interface WithinProblem {
  /** Problems that have both correct and incorrect answers. */
  problems: number
  /** Pairs of an incorrect and a correct answer to the same problem. */
  pairs: number
  /** Share of those pairs in which the incorrect answer has the greater entropy, ties half. */
  auroc: Statistic
  /** 95 % interval with the problems as clusters. */
  low: Statistic
  high: Statistic
  /** Mean of the problems' own AUROCs. */
  meanAuroc: Statistic
}

const lengthStrata = 4
/** More levels than this are names of problems rather than levels. */
const mostLevels = 20

/**
 * Whether entropy still tells right from wrong when answers of like length, or of one level, are compared; `adjusted` are the AUROCs over the pairs
 * within these strata.
 */
export function analyseStrata(
  selection: Selection,
  adjusted: Pick<AnalysisStrata, 'lengthAdjustedAuroc' | 'levelAdjustedAuroc'>,
): AnalysisStrata {
  const { generatedTokens, level } = selection
  const { byLength, byLevel } = strataOf(selection)
  const levels = new Set(level.filter(name => name !== null)).size
  const lack: Reason =
    levels === 0 ? { because: 'no-levels' } : { because: 'many-levels', levels, most: mostLevels }
  return {
    length: byLength.map(rows => describeStratum(lengthLabel(rows, generatedTokens), rows, selection)),
    lengthAdjustedAuroc: adjusted.lengthAdjustedAuroc,
    levels,
    level: [...byLevel].map(([name, rows]) => describeStratum(`level ${name ?? 'unknown'}`, rows, selection)),
    levelAdjustedAuroc: byLevel.size > 0 ? adjusted.levelAdjustedAuroc : none(lack),
  }
}

/** The AUROC over the pairs within a stratum, of answers that count so often each; undefined where no stratum holds both classes. */
export function aurocWithin(
  strata: readonly Uint32Array[],
  { entropy, incorrect }: Pick<Selection, 'entropy' | 'incorrect'>,
): (weights: Uint32Array) => Statistic {
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
      wins += orNull(mannWhitney(groups))?.u ?? 0
      pairs += groups.totalMarked * (groups.total - groups.totalMarked)
    }
    return pairs === 0 ? none({ because: 'no-mixed-stratum' }) : wins / pairs
  }
}

/** The answers of each stratum: of about equal number by length, and of each level. */
export function strataOf({ generatedTokens, level }: Pick<Selection, 'generatedTokens' | 'level'>) {
  return { byLength: equalMassBins(generatedTokens, lengthStrata), byLevel: groupByLevel(level) }
}

/** AUROC of mean entropy among answers to the same problem; null when every problem has one answer. */
export function analyseWithinProblem(selection: Selection): WithinProblem | null {
  const { count, entropy, incorrect, problems } = selection
  if (problems.count === count) return null
  const within = stratifiedAuroc(entropy.sorted, incorrect, problems)
  return {
    problems: orNull(within)?.strata ?? 0,
    pairs: orNull(within)?.pairs ?? 0,
    auroc: partOf(within, 'value'),
    ...endsOf(partOf(within, 'interval')),
    meanAuroc: partOf(within, 'meanOverStrata'),
  }
}

/** Answers of each level, in the order of the levels' names, numbers as numbers; empty without levels to tell apart. */
function groupByLevel(level: readonly (string | null)[]): Map<string | null, Uint32Array> {
  const names = [...new Set(level)].sort((first, second) =>
    (first ?? '').localeCompare(second ?? '', 'en', { numeric: true }),
  )
  if (names.length > mostLevels || names.every(name => name === null)) return new Map()
  const rows = Map.groupBy(level.keys(), row => level[row] ?? null)
  return new Map(names.map(name => [name, Uint32Array.from(rows.get(name)!)]))
}

function lengthLabel(rows: Uint32Array, generatedTokens: Int32Array): string {
  // Rows of a bin are sorted by length.
  const [shortest, longest] = [generatedTokens[rows[0]!]!, generatedTokens[rows.at(-1)!]!]
  return shortest === longest ? `${shortest} tokens` : `${shortest} to ${longest} tokens`
}

function describeStratum(
  label: string,
  rows: Uint32Array,
  { entropy, incorrect }: Selection,
): AnalysisStratum {
  const values = Float64Array.from(rows, row => entropy.values[row]!)
  const marks = Uint8Array.from(rows, row => incorrect[row]!)
  const groups = tieGroups(orderScores(values), marks)
  const area = auroc(groups)
  return {
    label,
    n: groups.total,
    correct: groups.total - groups.totalMarked,
    incorrect: groups.totalMarked,
    auroc: partOf(area, 'value'),
    ...endsOf(partOf(area, 'interval')),
  }
}
