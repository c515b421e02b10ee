import { formatNumber } from '../../core/format-number.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import { legibleText } from '../text/visible-text.ts'
import type { TableLayout } from '../widgets/virtual-table.ts'

/** A column of the table of samples. */
export interface TableColumn extends TableLayout {
  name: string
  label: string
  isNumber?: true
  text(row: number): string
}

/** How the page names the scores that most look at; the others keep the literature's name. */
export const scoreLabels: Readonly<Record<string, { short: string; axis: string }>> = {
  MeanTokenEntropy: { short: 'Mean entropy', axis: 'mean entropy (nats)' },
  MaximumTokenEntropy: { short: 'Largest entropy', axis: 'largest entropy (nats)' },
  FirstTokenEntropy: { short: 'First entropy', axis: 'first token’s entropy (nats)' },
  MaximumSequenceProbability: { short: '−Σ log p', axis: '−Σ log p (nats)' },
  Perplexity: { short: 'Perplexity', axis: 'perplexity' },
  MeanTokenMargin: { short: '−margin', axis: '−mean margin' },
  SequenceLength: { short: 'Length', axis: 'tokens' },
}

/** The columns of a run's table, the last one a score. */
export function tableColumns(run: RunColumns, score: string): TableColumn[] {
  const values = run.scores[score]
  const column = (
    name: string,
    label: string,
    width: string,
    text: TableColumn['text'],
    kind: Pick<TableColumn, 'isNumber' | 'isMinor'> = {},
  ): TableColumn => ({ name, label, width, text, ...kind })
  const minor = { isMinor: true } as const
  const number = { isNumber: true } as const
  const scoreText = (row: number) =>
    values && Number.isFinite(values[row]!) ? formatNumber(values[row]!) : '–'
  const all = [
    column('problem', 'Problem', 'minmax(64px, 1fr)', row => run.problemId[row]!),
    run.sampleIndex.some(index => index > 0) &&
      column('answer', 'Answer', '64px', row => String(run.sampleIndex[row]! + 1), number),
    column('verdict', 'Verdict', '92px', row => (run.correct[row] ? 'right' : 'wrong')),
    column('extracted', 'Answered', 'minmax(72px, 1fr)', row => legibleText(run.extractedAnswer[row] ?? '–')),
    column('expected', 'Expected', 'minmax(72px, 1fr)', row => legibleText(run.expectedAnswer[row]!), minor),
    run.level.some(level => level !== null) &&
      column('level', 'Level', '72px', row => run.level[row] ?? '–', minor),
    column('finish', 'Ended by', '80px', row => run.finishReason[row]!, minor),
    column('tokens', 'Tokens', '72px', row => String(run.generatedTokens[row]), { ...number, ...minor }),
    column(score, scoreLabels[score]?.short ?? score, 'minmax(96px, 1.2fr)', scoreText, number),
  ]
  return all.filter(column => column !== false)
}

/**
 * What filters and sorting read of a column, by its name in the table: numbers, or texts. Null when the run has none, or not
 * yet.
 */
export function columnValues(
  run: RunColumns,
  name: string,
): ArrayLike<number> | readonly (string | null)[] | null {
  // As the table counts them.
  if (name === 'answer') return run.sampleIndex.map(index => index + 1)
  return Object.hasOwn(fields, name) ? run[fields[name as keyof typeof fields]] : (run.scores[name] ?? null)
}

/** What the columns of the table show, by their names. */
const fields = {
  problem: 'problemIndex',
  verdict: 'correct',
  extracted: 'extractedAnswer',
  expected: 'expectedAnswer',
  level: 'level',
  finish: 'finishReason',
  tokens: 'generatedTokens',
} as const

/** The numbers of a column; null where it has texts, or is not there. */
export function numericColumn(run: RunColumns, name: string): ArrayLike<number> | null {
  const values = columnValues(run, name)
  return Array.isArray(values) ? null : (values as ArrayLike<number> | null)
}
