import { formatVersion } from '../formats/sample-record.ts'
import { analyseScore } from './analyse-score.ts'
import type { Analysis, AnalysisGroup, AnalysisScore } from './analysis.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import {
  type AnalysisSample,
  type UncertaintyScoreName,
  uncertaintyScores,
} from './scores/uncertainty-scores.ts'
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

/**
 * Says whether uncertainty predicts error: the content of `analysis.json`, from the samples of a run in any order.
 * Reads each sample once and keeps only its scores, so the samples may come from a generator.
 */
export function analyseRun(samples: Iterable<AnalysisSample>): Analysis {
  const counts = { total: 0, correct: 0, errors: 0, capHits: 0, extractionFailures: 0, withoutEntropy: 0 }
  const columns = Object.fromEntries(
    scoreNames().map(name => [name, { values: [], incorrect: [] }]),
  ) as unknown as Record<UncertaintyScoreName, ScoreColumn>
  for (const sample of samples) {
    counts.total++
    if (sample.correct) counts.correct++
    if (sample.finishReason === 'error') {
      counts.errors++
      continue
    }
    if (sample.finishReason === 'length') counts.capHits++
    if (sample.extractedAnswer === null) counts.extractionFailures++
    if (!isNumber(sample.meanEntropyNats)) {
      counts.withoutEntropy++
      continue
    }
    for (const name of scoreNames()) {
      const value = uncertaintyScores[name](sample)
      if (!isNumber(value)) continue
      columns[name].values.push(value)
      columns[name].incorrect.push(!sample.correct)
    }
  }

  const share = (count: number) => (counts.total === 0 ? null : count / counts.total)
  const entropy = columns.MeanTokenEntropy
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
    scoreNames().map(name => [name, analyseScore(columns[name].values, columns[name].incorrect)]),
  ) as Record<UncertaintyScoreName, AnalysisScore>
  const { auprc, prr, aurc } = scores.MeanTokenEntropy

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

function scoreNames(): UncertaintyScoreName[] {
  return Object.keys(uncertaintyScores) as UncertaintyScoreName[]
}

function describeGroup(entropies: readonly number[]): AnalysisGroup {
  return {
    n: entropies.length,
    mean: mean(entropies),
    sd: sampleStandardDeviation(entropies),
    median: median(entropies),
  }
}

// JSON turns NaN and the infinities to null; a value that is not finite is treated as one that is not there, with a warning.
function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value)
}
