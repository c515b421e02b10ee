import type { SampleRecord } from '../formats/sample-record.ts'
import { createErrorCounter, type ErrorCounts } from './errors/error-counts.ts'
import type { ErrorLabels } from './errors/error-labels.ts'
import { createOverrunCounter, type Overrun } from './overrun.ts'
import { createTokenFindings, type FindingsTokens, type TokenFindings } from './tokens/token-findings.ts'

/** What the samples' texts and tokens say beyond their scores. */
export interface RunFindings {
  tokens: TokenFindings
  errorKinds: ErrorCounts
  /** Answers at the token limit that had ended before it; absent where there are none. */
  overrun?: Overrun
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
  const overrun = createOverrunCounter()
  return {
    add(sample, tokens) {
      const { correct, finishReason } = sample
      const firstWrongCharacter = errors.add(sample)?.characterOffset ?? null
      overrun.add(finishReason, tokens.tokenText)
      findings.add({ correct, finishReason, firstWrongCharacter }, tokens)
    },
    finish() {
      const ran = overrun.finish()
      return {
        tokens: findings.finish(),
        errorKinds: errors.finish(),
        ...(ran.holding > 0 && { overrun: ran }),
      }
    },
  }
}
