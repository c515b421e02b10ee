import type { Analysis } from '../../core/analyse/analysis.ts'
import { renderTable } from '../terminal/table.ts'
import type { ResultFiles } from './write-results.ts'

/** The key numbers of a run as a table, and where its files lie. */
export function summariseRun(analysis: Analysis, files: ResultFiles): string {
  const { accuracy, entropyNats, auroc, pearson, spearman, mannWhitney } = analysis
  const rows = [
    [
      'accuracy',
      percent(accuracy.value),
      `95 % interval ${percent(accuracy.low)} to ${percent(accuracy.high)}`,
    ],
    [
      'problems',
      String(analysis.total),
      `${analysis.correct} right, ${analysis.incorrect} wrong, of these ${analysis.errors} failed`,
    ],
    ['cut at the token limit', percent(analysis.capHitRate), ''],
    ['no answer found', percent(analysis.extractionFailureRate), ''],
    ['mean entropy, right answers', nats(entropyNats.correct.mean), `sd ${nats(entropyNats.correct.sd)}`],
    ['mean entropy, wrong answers', nats(entropyNats.incorrect.mean), `sd ${nats(entropyNats.incorrect.sd)}`],
    [
      'AUROC, entropy for error',
      digits(auroc.value),
      `95 % interval ${digits(auroc.low)} to ${digits(auroc.high)}`,
    ],
    ['Pearson, entropy and correctness', digits(pearson.r), `p ${probability(pearson.p)}`],
    ['Spearman', digits(spearman.rho), `p ${probability(spearman.p)}`],
    ['Mann–Whitney U', digits(mannWhitney.u, 1), `p ${probability(mannWhitney.p)}`],
  ]
  return `${renderTable(rows)}\n\nresults  ${files.results}\ncolumns  ${files.summary}\ntraces   ${files.traces}\nreport   ${files.report}\nanalysis ${files.analysis}\npicture  ${files.figurePng}`
}

function percent(value: number | null): string {
  return value === null ? '–' : `${(100 * value).toFixed(1)} %`
}

function nats(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(4)} nats`
}

function digits(value: number | null, places = 3): string {
  return value === null ? '–' : value.toFixed(places)
}

function probability(value: number | null): string {
  if (value === null) return '–'
  return value < 0.001 ? value.toExponential(1) : value.toFixed(3)
}
