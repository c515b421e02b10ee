import { formatNumber } from '../../core/figures/format-number.ts'
import type { RunColumns } from '../../core/formats/run-columns.ts'
import { legibleText } from '../text/visible-text.ts'

/** A column of the table of samples. */
export interface TableColumn {
  name: string
  label: string
  /** Of the grid that lays out a row. */
  width: string
  isNumber?: true
  /** Left out on a narrow page. */
  isMinor?: true
  text(row: number): string
}

/** The columns of a run's table, the last one a score. */
export function tableColumns(run: RunColumns, score: string): TableColumn[] {
  const values = run.scores[score]
  const all: (TableColumn | null)[] = [
    { name: 'problem', label: 'Problem', width: 'minmax(64px, 1fr)', text: row => run.problemId[row]! },
    run.sampleIndex.some(index => index > 0)
      ? {
          name: 'answer',
          label: 'Answer',
          width: '64px',
          isNumber: true,
          text: row => String(run.sampleIndex[row]! + 1),
        }
      : null,
    {
      name: 'verdict',
      label: 'Verdict',
      width: '92px',
      text: row => (run.correct[row] ? 'right' : 'wrong'),
    },
    {
      name: 'extracted',
      label: 'Answered',
      width: 'minmax(72px, 1fr)',
      text: row => legibleText(run.extractedAnswer[row] ?? '–'),
    },
    {
      name: 'expected',
      label: 'Expected',
      width: 'minmax(72px, 1fr)',
      isMinor: true,
      text: row => legibleText(run.expectedAnswer[row]!),
    },
    run.level.some(level => level !== null)
      ? { name: 'level', label: 'Level', width: '72px', isMinor: true, text: row => run.level[row] ?? '–' }
      : null,
    {
      name: 'finish',
      label: 'Ended by',
      width: '80px',
      isMinor: true,
      text: row => run.finishReason[row]!,
    },
    {
      name: 'tokens',
      label: 'Tokens',
      width: '72px',
      isNumber: true,
      isMinor: true,
      text: row => String(run.generatedTokens[row]),
    },
    {
      name: score,
      label: scoreLabels[score]?.short ?? score,
      width: 'minmax(96px, 1.2fr)',
      isNumber: true,
      text: row => (values && Number.isFinite(values[row]!) ? formatNumber(values[row]!) : '–'),
    },
  ]
  return all.filter(column => column !== null)
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
