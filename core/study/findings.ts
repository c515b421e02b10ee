import { z } from 'zod'
import { describeIssues, InputError } from '../input-error.ts'

/** Kinds of tokens, in the order in which they are shown. Punctuation holds every sign that is none of the others. */
export const tokenKinds = [
  'digit',
  'operator',
  'word',
  'latex',
  'punctuation',
  'whitespace',
  'special',
] as const

/** A kind of token. */
export type TokenKind = (typeof tokenKinds)[number]

/** Kinds of wrong answers, in the order in which they are shown. `operation` is the wrong operation or another set-up. */
export const errorKinds = ['arithmetic', 'operation', 'copy', 'incomplete', 'format', 'unknown'] as const

/** A kind of wrong answer. */
export type ErrorKind = (typeof errorKinds)[number]

const count = z.int().nonnegative()
const numberOrNull = z.number().nullable()

/** A mean of numbers that come one by one, with their number; null of none. */
const mean = z.object({ n: count, mean: numberOrNull })

/** Spikes, and answers with one. */
const spiked = z.object({ n: count, samples: count })

const stepEntropies = z.object({
  incorrect: mean,
  /**
   * Mean, over those tokens of incorrect answers, of the mean entropy of all correct answers' tokens at the same position;
   * `n` counts the tokens whose position some correct answer reaches.
   */
  correct: mean,
  /** The same for all correct answers' tokens of the same kind, wherever they stand: a wrong step is a digit more often than not. */
  correctOfKind: mean,
})

/** Entropy about the first wrong step of incorrect answers, nats. */
const firstWrongStep = z.object({
  /** Number of answers whose first wrong character is known. */
  n: count,
  /** Of the token that holds the first wrong character. */
  at: stepEntropies,
  /** Over some tokens before and after it. */
  before: stepEntropies,
  after: stepEntropies,
  /** So many tokens from it: negative before it, positive after. */
  offsets: z.array(z.object({ offset: z.int(), ...stepEntropies.shape })),
})

const forkingToken = z.object({
  id: count,
  /** Null without a tokenizer. */
  text: z.string().nullable(),
  /** How often it was chosen among the tokens of highest entropy. */
  n: count,
  /** How often it was chosen at all. */
  occurrences: count,
  /** Mean entropy where it was chosen among those, nats. */
  meanEntropyNats: z.number(),
  /**
   * The likeliest other token at each of its occurrences, by the sum of its probabilities there: how often it would have
   * been expected instead. `text` is null for a token that the run never chose.
   */
  alternatives: z.array(z.object({ id: count, text: z.string().nullable(), expectedCount: z.number() })),
})

/** The tokens of highest entropy and which tokens of the vocabulary they are. */
const forkingTokens = z.object({
  /** Least entropy of the tokens of highest entropy, nats; null without tokens. */
  thresholdNats: numberOrNull,
  /** Their number, and their share of all tokens: at most a fifth, as near as a threshold in steps of 15 % allows. */
  n: count,
  share: numberOrNull,
  /** Tokens that are in no row, since the run has more different ones (32,768) than are kept. */
  leftOut: count,
  /** Those that are most frequent among them. */
  tokens: z.array(forkingToken),
})

const tokenFindings = z.object({
  /** Samples that did not fail and have tokens, and their tokens. */
  samples: z.object({ correct: count, incorrect: count }),
  tokens: count,
  /** Mean entropy of a token by its kind, the share of all tokens and of all entropy that the kind has, and its spikes. */
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
  /** Mean entropy of a token by tenth of its answer, and the spikes there. */
  positions: z.array(
    z.object({ from: z.number(), to: z.number(), correct: mean, incorrect: mean, spikes: count }),
  ),
  /** Which share of all tokens, those with the most entropy first, carries a share of all entropy. */
  concentration: z.array(z.object({ shareOfEntropy: z.number(), shareOfTokens: numberOrNull })),
  /** A spike has at least `minimumNats` and lies more than `deviations` standard deviations above its answer's mean. */
  spikes: z.object({
    n: count,
    minimumNats: z.number(),
    deviations: z.number(),
    correct: spiked,
    incorrect: spiked,
  }),
  forking: forkingTokens,
  firstWrongStep,
})

const errorCount = z.object({
  kind: z.enum(errorKinds),
  n: count,
  /** Share of all incorrect answers, with Wilson's 95 % interval; null without any. */
  share: numberOrNull,
  low: numberOrNull,
  high: numberOrNull,
  /** Mean, over the answers of this kind, of their mean token entropy, nats; null without any. */
  meanEntropyNats: numberOrNull,
  /** Those rules that decided, the most frequent first. */
  rules: z.array(z.object({ rule: z.string(), n: count })),
  /** The first answers of this kind. */
  examples: z.array(
    z.object({
      problemId: z.string(),
      sampleIndex: count,
      step: count.nullable(),
      characterOffset: count.nullable(),
    }),
  ),
})

const errorCounts = z.object({
  /** Number of incorrect answers. */
  n: count,
  /** Every kind, in the order of `errorKinds`. */
  kinds: z.array(errorCount),
})

const overrun = z.object({
  cut: count,
  holding: count,
  /** The marker that most of these hold, and whether it is a token of its own, and so no text; absent where none holds one. */
  marker: z.object({ text: z.string(), isToken: z.boolean() }).exactOptional(),
})

const runFindings = z.object({
  tokens: tokenFindings,
  errorKinds: errorCounts,
  /** Answers at the token limit that had ended before it; absent where there are none. */
  overrun: overrun.exactOptional(),
})

/** Entropy of incorrect answers at a place about their first wrong character, and two of correct answers to set it against. */
export type StepEntropies = z.infer<typeof stepEntropies>

/** Where in the answers of a run uncertainty lies. Entropies in nats; what is undefined is null; every figure has its n. */
export type TokenFindings = z.infer<typeof tokenFindings>

/** Incorrect answers, sorted. */
export type ErrorCounts = z.infer<typeof errorCounts>

/** Answers that the token limit cut, and how many of them hold a marker with which models end their turn. */
export type Overrun = z.infer<typeof overrun>

/** What the samples' texts and tokens say beyond their scores, as `analysis.json` has it. */
export type RunFindings = z.infer<typeof runFindings>

/** The findings that a parsed analysis.json holds; null of one that was made without. Throws InputError where they are damaged. */
export function readRunFindings(where: string, analysis: unknown): RunFindings | null {
  const { tokens, errorKinds: kinds } = (analysis ?? {}) as Partial<RunFindings>
  if (tokens === undefined || kinds === undefined) return null
  const parsed = runFindings.safeParse(analysis)
  if (parsed.success) return parsed.data
  throw new InputError(
    `${where}: ${describeIssues(parsed.error)}; expected the findings of an analysis: entrace analyse writes it again from the journal`,
  )
}
