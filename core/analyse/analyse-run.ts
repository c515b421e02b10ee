import type { RunColumns } from '../formats/run-columns.ts'
import { formatVersion } from '../formats/sample-record.ts'
import { analyseScore } from './analyse-score.ts'
import type { Analysis, AnalysisGroup } from './analysis.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import { auroc } from './statistics/auroc.ts'
import { hedgesG } from './statistics/hedges-g.ts'
import { mannWhitney } from './statistics/mann-whitney.ts'
import { mean } from './statistics/mean.ts'
import { median } from './statistics/median.ts'
import { pearson } from './statistics/pearson.ts'
import { sampleStandardDeviation } from './statistics/sample-standard-deviation.ts'
import { spearman } from './statistics/spearman.ts'
import { wilsonInterval } from './statistics/wilson-interval.ts'

/** One score over the samples that have it, and which of those samples are incorrect. */
interface ScoreColumn {
  values: number[]
  incorrect: boolean[]
}

/** What an analysis does with chance. */
export interface AnalysisOptions {
  /** Of everything that is drawn at random; the same seed gives the same analysis. */
  seed?: number
  /** Resamples of each bootstrap. */
  resamples?: number
}

/**
 * Says whether uncertainty predicts error: the content of `analysis.json`, from the columns of a run in any order.
 * Statistics run over whatever scores the columns hold.
 */
export function analyseRun(run: RunColumns, _options: AnalysisOptions = {}): Analysis {
  const counts = {
    total: run.count,
    correct: 0,
    errors: 0,
    capHits: 0,
    extractionFailures: 0,
    withoutEntropy: 0,
  }
  const names = Object.keys(run.scores)
  const columns = Object.fromEntries(names.map(name => [name, { values: [], incorrect: [] } as ScoreColumn]))
  for (let row = 0; row < run.count; row++) {
    const isCorrect = run.correct[row] === 1
    if (isCorrect) counts.correct++
    if (run.finishReason[row] === 'error') {
      counts.errors++
      continue
    }
    if (run.finishReason[row] === 'length') counts.capHits++
    if (run.extractedAnswer[row] === null) counts.extractionFailures++
    if (!Number.isFinite(run.scores['MeanTokenEntropy']?.[row])) {
      counts.withoutEntropy++
      continue
    }
    for (const name of names) {
      const value = run.scores[name]![row]!
      if (!Number.isFinite(value)) continue
      columns[name]!.values.push(value)
      columns[name]!.incorrect.push(!isCorrect)
    }
  }

  const share = (count: number) => (counts.total === 0 ? null : count / counts.total)
  const entropy = columns['MeanTokenEntropy'] ?? { values: [], incorrect: [] }
  const correctEntropies = entropy.values.filter((_, index) => !entropy.incorrect[index])
  const incorrectEntropies = entropy.values.filter((_, index) => entropy.incorrect[index])
  const correct = describeGroup(correctEntropies)
  const incorrect = describeGroup(incorrectEntropies)
  const correctness = entropy.incorrect.map(isIncorrect => (isIncorrect ? 0 : 1))
  const linear = pearson(entropy.values, correctness)
  const ranked = spearman(entropy.values, correctness)
  const test = mannWhitney(incorrectEntropies, correctEntropies)
  const area = auroc(incorrectEntropies, correctEntropies)
  const accuracyInterval = wilsonInterval(counts.correct, counts.total)
  const scores = Object.fromEntries(
    names.map(name => [name, analyseScore(columns[name]!.values, columns[name]!.incorrect)]),
  )
  const { auprc, prr, aurc } = scores['MeanTokenEntropy'] ?? analyseScore([], [])

  const analysis: Omit<Analysis, 'warnings'> = {
    formatVersion,
    total: counts.total,
    correct: counts.correct,
    incorrect: counts.total - counts.correct,
    errors: counts.errors,
    accuracy: {
      value: share(counts.correct),
      low: accuracyInterval?.low ?? null,
      high: accuracyInterval?.high ?? null,
    },
    capHitRate: share(counts.capHits),
    extractionFailureRate: share(counts.extractionFailures),
    entropyNats: {
      correct,
      incorrect,
      difference: correct.mean === null || incorrect.mean === null ? null : incorrect.mean - correct.mean,
      hedgesG: hedgesG(incorrectEntropies, correctEntropies),
    },
    pearson: { r: linear?.coefficient ?? null, p: linear?.p ?? null },
    spearman: { rho: ranked?.coefficient ?? null, p: ranked?.p ?? null },
    mannWhitney: { u: test?.u ?? null, p: test?.p ?? null },
    auroc: {
      value: area?.value ?? null,
      low: area?.interval?.low ?? null,
      high: area?.interval?.high ?? null,
      p: area?.p ?? null,
    },
    auprc,
    prr,
    aurc,
    scores,
    calibration: null,
  }
  return { ...analysis, warnings: analysisWarnings(analysis, counts.withoutEntropy) }
}

function describeGroup(entropies: readonly number[]): AnalysisGroup {
  return {
    n: entropies.length,
    mean: mean(entropies),
    sd: sampleStandardDeviation(entropies),
    median: median(entropies),
  }
}
