import type { SampleRecord } from '../formats/sample-record.ts'
import { createErrorCounter, type ErrorCounts } from './errors/error-counts.ts'
import type { ErrorLabels } from './errors/error-labels.ts'
import { createTokenFindings, type FindingsTokens, type TokenFindings } from './tokens/token-findings.ts'

/** What the samples' texts and tokens say beyond their scores. */
export interface RunFindings {
  tokens: TokenFindings
  errorKinds: ErrorCounts
}

/** Findings that grow sample by sample and keep no sample. */
export interface RunFindingsCounter {
  add(sample: Omit<SampleRecord, 'tokens'>, tokens: FindingsTokens): void
  finish(): RunFindings
}

/** Sorts errors, by their labels where they have one, and finds where among tokens uncertainty lies. */
export function createRunFindings(labels?: ErrorLabels): RunFindingsCounter {
  const errors = createErrorCounter(labels)
  const findings = createTokenFindings()
  return {
    add(sample, tokens) {
      const { correct, finishReason } = sample
      const firstWrongCharacter = errors.add(sample)?.characterOffset ?? null
      findings.add({ correct, finishReason, firstWrongCharacter }, tokens)
    },
    finish: () => ({ tokens: findings.finish(), errorKinds: errors.finish() }),
  }
}
