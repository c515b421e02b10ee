import type { AnalysisStrata, AnalysisStratum, WithinProblem } from './analysis.ts'
import type { Selection } from './selection.ts'
import { auroc, stratifiedAuroc } from './statistics/auroc.ts'
import { equalMassBins, orderScores, tieGroups } from './statistics/ranks.ts'
import type { Clusters } from './statistics/resampling.ts'

const lengthStrata = 4
/** More levels than this are names of problems rather than levels. */
export const mostLevels = 20

/** Whether entropy still tells right from wrong when answers of like length, or of one level, are compared. */
export function analyseStrata(selection: Selection): AnalysisStrata {
  const { generatedTokens, level } = selection
  const { byLength, byLevel } = strataOf(selection)
  return {
    length: byLength.map(rows => describeStratum(lengthLabel(rows, generatedTokens), rows, selection)),
    lengthAdjustedAuroc: adjustedAuroc(byLength, selection),
    levels: new Set(level.filter(name => name !== null)).size,
    level: [...byLevel].map(([name, rows]) => describeStratum(`level ${name ?? 'unknown'}`, rows, selection)),
    levelAdjustedAuroc: byLevel.size === 0 ? null : adjustedAuroc([...byLevel.values()], selection),
  }
}

/** The answers of each stratum: of about equal number by length, and of each level. */
export function strataOf({ generatedTokens, level }: Pick<Selection, 'generatedTokens' | 'level'>): {
  byLength: Uint32Array[]
  byLevel: Map<string | null, Uint32Array>
} {
  return { byLength: equalMassBins(generatedTokens, lengthStrata), byLevel: groupByLevel(level) }
}

/** AUROC of mean entropy among answers to the same problem; null when every problem has one answer. */
export function analyseWithinProblem({
  count,
  entropy,
  incorrect,
  problems,
}: Selection): WithinProblem | null {
  if (problems.count === count) return null
  const within = stratifiedAuroc(entropy.sorted, incorrect, problems)
  return {
    problems: within?.strata ?? 0,
    pairs: within?.pairs ?? 0,
    auroc: within?.value ?? null,
    low: within?.interval?.low ?? null,
    high: within?.interval?.high ?? null,
    meanAuroc: within?.meanOverStrata ?? null,
  }
}

/** Answers of each level, in the order of the levels' names, numbers as numbers; empty without levels to tell apart. */
function groupByLevel(level: readonly (string | null)[]): Map<string | null, Uint32Array> {
  const names = [...new Set(level)].sort((first, second) =>
    (first ?? '').localeCompare(second ?? '', 'en', { numeric: true }),
  )
  if (names.length > mostLevels || names.every(name => name === null)) return new Map()
  const rows = new Map(names.map(name => [name, [] as number[]]))
  for (const [row, name] of level.entries()) rows.get(name)!.push(row)
  return new Map([...rows].map(([name, members]) => [name, Uint32Array.from(members)]))
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
  const groups = tieGroups(
    orderScores(values),
    Uint8Array.from(rows, row => incorrect[row]!),
  )
  const area = auroc(groups)
  return {
    label,
    n: groups.total,
    correct: groups.total - groups.totalMarked,
    incorrect: groups.totalMarked,
    auroc: area?.value ?? null,
    low: area?.interval?.low ?? null,
    high: area?.interval?.high ?? null,
  }
}

function adjustedAuroc(
  strata: readonly Uint32Array[],
  { count, entropy, incorrect }: Selection,
): number | null {
  const clusters: Clusters = { of: new Int32Array(count), count: strata.length }
  for (const [stratum, rows] of strata.entries()) for (const row of rows) clusters.of[row] = stratum
  return stratifiedAuroc(entropy.sorted, incorrect, clusters)?.value ?? null
}
