import type { RunColumns } from '../../core/formats/run-columns.ts'

/** A column of numbers by the name that filters and sorting have for it; null when the run has none, or not yet. */
export function numericColumn(columns: RunColumns, name: string): ArrayLike<number> | null {
  switch (name) {
    case 'tokens':
      return columns.generatedTokens
    case 'verdict':
      return columns.correct
    case 'answer':
      // As the table counts them.
      return columns.sampleIndex.map(index => index + 1)
    case 'problem':
      return columns.problemIndex
    default:
      return columns.scores[name] ?? null
  }
}
