import { z } from 'zod'
import { describeIssues } from '../describe-issues.ts'
import type { SampleRecord } from '../formats/sample-record.ts'
import { InputError } from '../input-error.ts'
import { createErrorCounter, type ErrorCounts } from './errors/error-counts.ts'
import { errorKinds } from './errors/error-kind.ts'
import type { ErrorLabels } from './errors/error-labels.ts'
import { createOverrunCounter, type Overrun } from './overrun.ts'
import { createTokenFindings, type FindingsTokens, type TokenFindings } from './tokens/token-findings.ts'
import { tokenKinds } from './tokens/token-kind.ts'

/** What the samples' texts and tokens say beyond their scores. */
export interface RunFindings {
  tokens: TokenFindings
  errorKinds: ErrorCounts
  /** Answers at the token limit that had ended before it; absent where there are none. */
  overrun?: Overrun
}

const count = z.int().nonnegative()
const numberOrNull = z.number().nullable()
const mean = z.object({ n: count, mean: numberOrNull })
const steps = { incorrect: mean, correct: mean, correctOfKind: mean }
const spiked = z.object({ n: count, samples: count })

const findingsSchema: z.ZodType<RunFindings> = z.object({
  tokens: z.object({
    samples: z.object({ correct: count, incorrect: count }),
    tokens: count,
    kinds: z.array(
      z.object({
        kind: z.enum(tokenKinds),
        n: count,
        meanEntropyNats: numberOrNull,
        shareOfTokens: numberOrNull,
        shareOfEntropy: numberOrNull,
        spikes: count,
      }),
    ),
    positions: z.array(
      z.object({ from: z.number(), to: z.number(), correct: mean, incorrect: mean, spikes: count }),
    ),
    concentration: z.array(z.object({ shareOfEntropy: z.number(), shareOfTokens: numberOrNull })),
    spikes: z.object({
      n: count,
      minimumNats: z.number(),
      deviations: z.number(),
      correct: spiked,
      incorrect: spiked,
    }),
    forking: z.object({
      thresholdNats: numberOrNull,
      n: count,
      share: numberOrNull,
      leftOut: count,
      tokens: z.array(
        z.object({
          id: count,
          text: z.string().nullable(),
          n: count,
          occurrences: count,
          meanEntropyNats: z.number(),
          alternatives: z.array(
            z.object({ id: count, text: z.string().nullable(), expectedCount: z.number() }),
          ),
        }),
      ),
    }),
    firstWrongStep: z.object({
      n: count,
      at: z.object(steps),
      before: z.object(steps),
      after: z.object(steps),
      offsets: z.array(z.object({ offset: z.int(), ...steps })),
    }),
  }),
  errorKinds: z.object({
    n: count,
    kinds: z.array(
      z.object({
        kind: z.enum(errorKinds),
        n: count,
        share: numberOrNull,
        low: numberOrNull,
        high: numberOrNull,
        meanEntropyNats: numberOrNull,
        rules: z.array(z.object({ rule: z.string(), n: count })),
        examples: z.array(
          z.object({
            problemId: z.string(),
            sampleIndex: count,
            step: count.nullable(),
            characterOffset: count.nullable(),
          }),
        ),
      }),
    ),
  }),
  overrun: z
    .object({
      cut: count,
      holding: count,
      marker: z.object({ text: z.string(), isToken: z.boolean() }).exactOptional(),
    })
    .exactOptional(),
})

/** The findings that a parsed analysis.json holds; null of one that was made without. Throws InputError where they are damaged. */
export function readRunFindings(where: string, analysis: unknown): RunFindings | null {
  const { tokens, errorKinds: kinds, overrun } = (analysis ?? {}) as Partial<RunFindings>
  if (tokens === undefined || kinds === undefined) return null
  const parsed = findingsSchema.safeParse({
    tokens,
    errorKinds: kinds,
    ...(overrun !== undefined && { overrun }),
  })
  if (parsed.success) return parsed.data
  throw new InputError(
    `${where}: ${describeIssues(parsed.error)}; expected the findings of an analysis: entrace analyse writes it again from the journal`,
  )
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
