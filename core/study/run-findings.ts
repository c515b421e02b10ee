import { z } from 'zod'
import { describeIssues } from '../describe-issues.ts'
import type { FinishReason, SampleRecord } from '../formats/sample-record.ts'
import { InputError } from '../input-error.ts'
import { createErrorCounter, type ErrorCounts } from './errors/error-counts.ts'
import type { ErrorLabels } from './errors/error-labels.ts'
import { errorKinds } from './errors/sort-error.ts'
import {
  createTokenFindings,
  type FindingsTokens,
  type TokenFindings,
  tokenKinds,
} from './tokens/token-findings.ts'

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

/** Answers that the token limit cut, and how many of them hold a marker with which models end their turn. */
export interface Overrun {
  cut: number
  holding: number
  /** The marker that most of these hold, and whether it is a token of its own, and so no text; absent where none holds one. */
  marker?: { text: string; isToken: boolean }
}

/** What the families of chat models end an answer with, and what they begin the next turn with where that is left out. */
const markers = [
  /<\|(?:im_end|eot_id|eot|eom_id|end|endoftext|end_of_text|end_of_turn|END_OF_TURN_TOKEN|return)\|>|<end_of_turn>|<｜end▁of▁sentence｜>|<\/s>|<eos>/,
  /<\|(?:im_start|start_header_id|user)\|>|<start_of_turn>|<｜User｜>|\[INST\]/,
]

/** Counts, answer by answer, whether what reached the token limit had ended before it. */
export function createOverrunCounter() {
  let cut = 0
  const found = new Map<string, { answers: number; isToken: boolean }>()
  return {
    add(finishReason: FinishReason, tokenText: ArrayLike<string | null>): void {
      if (finishReason !== 'length') return
      cut++
      const texts = Array.from(tokenText, text => text ?? '')
      const whole = texts.join('')
      const marker = markers.map(pattern => pattern.exec(whole)?.[0]).find(text => text !== undefined)
      if (marker === undefined) return
      const { answers = 0, isToken = false } = found.get(marker) ?? {}
      found.set(marker, { answers: answers + 1, isToken: isToken || texts.includes(marker) })
    },
    finish(): Overrun {
      const counts = [...found].sort(([, a], [, b]) => b.answers - a.answers)
      const [first] = counts
      return {
        cut,
        holding: counts.reduce((sum, [, { answers }]) => sum + answers, 0),
        ...(first && { marker: { text: first[0], isToken: first[1].isToken } }),
      }
    },
  }
}
