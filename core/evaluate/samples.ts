import type { FollowUp, Generation, SequenceRequest } from '../generate/generate.ts'
import { gradeAnswer } from '../grade/grade-answer.ts'
import type { GradingRules } from '../grade/grading-rules.ts'
import { InputError } from '../input-error.ts'
import type { FinishReason, SampleRecord } from '../record/sample.ts'
import type { TokenRecord } from '../record/token.ts'
import type { ChatMessage, Tokenizer } from '../tokenizer/tokenizer.ts'
import { gradeWithOption } from './answer-options.ts'
import type { Problem } from './problem.ts'
import { type PromptSettings, promptOf } from './prompt.ts'

/** One answer to one problem, yet to be made. */
export interface SampleTask extends SequenceRequest {
  problem: Problem
  /** Where the problem stands in its data set, from 0. */
  problemIndex: number
  /** Which of the problem's answers, from 0. */
  sampleIndex: number
  /** The rendered prompt. */
  prompt: string
}

/** A part of a run, to be made on another machine: part `index`, from 1, of `count`. */
export interface Shard {
  index: number
  count: number
}

/**
 * The tasks of a data set, in order: `samples` answers to each problem. Of a shard those whose place in the data set,
 * from 0, leaves index − 1 when divided by count: so the shards are alike however the data set is sorted. Places and
 * keys are those of the whole run, and so are the numbers.
 */
export function planSamples(
  problems: readonly Problem[],
  tokenizer: Tokenizer,
  {
    prompt: promptSettings = {},
    samples = 1,
    shard = null,
  }: { prompt?: PromptSettings; samples?: number; shard?: Shard | null } = {},
): SampleTask[] {
  return problems.flatMap((problem, index) => {
    if (shard !== null && index % shard.count !== shard.index - 1) return []
    const asked = { problem, problemIndex: index, ...promptOf(problem.problem, promptSettings, tokenizer) }
    return Array.from({ length: samples }, (_, sampleIndex) => {
      return { ...asked, sampleIndex, key: index * samples + sampleIndex }
    })
  })
}

/** Tokens that the longest sequence of these tasks needs, within the model's context. */
export function neededCapacity(tasks: readonly SampleTask[], maxNewTokens: number, context: number): number {
  const fitting = tasks
    .flatMap(({ promptIds, followUp }) => [
      promptIds.length,
      followUp ? followUp.before.length + followUp.after.length : 0,
    ])
    .filter(length => length < context)
  const longest = fitting.reduce((a, b) => Math.max(a, b), 1)
  return Math.min(context, longest + maxNewTokens)
}

/** The record of a finished task, its answer graded. */
export function recordSample(
  task: SampleTask,
  generation: Generation,
  tokenizer: Tokenizer,
  rules: GradingRules,
): SampleRecord {
  const { problem } = task
  const { tokens } = generation
  const finishReason: FinishReason = generation.finishReason
  const generatedText = tokenizer.decode(tokens.map(token => token.id))
  const failed = finishReason === 'error'
  const verdict = failed
    ? { extracted: null, equal: false, rule: 'failed' }
    : gradeWithOption(problem, expected => gradeAnswer(generatedText, expected, rules))
  return {
    problemId: problem.id,
    problemIndex: task.problemIndex,
    sampleIndex: task.sampleIndex,
    problem: problem.problem,
    prompt: task.prompt,
    generatedText,
    extractedAnswer: verdict.extracted,
    expectedAnswer: problem.expectedAnswer,
    correct: verdict.equal,
    rule: verdict.rule,
    finishReason,
    error: generation.error,
    promptTokens: task.promptIds.length,
    generatedTokens: tokens.length,
    ...measure(failed ? [] : tokens),
    // The worked solution and the right option too, so that what analyses a run needs no data set.
    metadata: {
      ...problem.metadata,
      ...(problem.solution !== null && { solution: problem.solution }),
      ...(problem.expectedOption !== undefined && { expectedOption: problem.expectedOption }),
    },
    durationMs: generation.durationMs,
    tokens,
    topTexts: topTexts(tokens, tokenizer),
  }
}

function topTexts(tokens: readonly TokenRecord[], tokenizer: Tokenizer): Record<string, string> {
  const others = new Set(tokens.flatMap(token => token.topIds))
  for (const { id } of tokens) others.delete(id)
  return Object.fromEntries(Array.from(others, id => [id, tokenizer.tokenText(id)]))
}

function measure(
  tokens: readonly TokenRecord[],
): Pick<SampleRecord, 'meanEntropyNats' | 'maxEntropyNats' | 'sumLogprob'> {
  if (tokens.length === 0) return { meanEntropyNats: null, maxEntropyNats: null, sumLogprob: null }
  const entropies = tokens.map(token => token.entropyNats)
  return {
    meanEntropyNats: sum(entropies) / tokens.length,
    maxEntropyNats: entropies.reduce((largest, entropy) => Math.max(largest, entropy), 0),
    sumLogprob: sum(tokens.map(token => token.logprob)),
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** What the model says of its own answer when asked (Kadavath et al. 2022, arXiv 2207.05221). */
export interface PTrue {
  /** P(A) / (P(A) + P(B)), A standing for true; null where the second prompt did not fit or failed. */
  pTrue: number | null
  /** P(A) and P(B) themselves: how much of the probability the two letters have. */
  pTrueProbabilities: { true: number; false: number } | null
}

/** The conversation that asks whether an answer is true. */
function pTrueMessages(problem: string, answer: string): ChatMessage[] {
  const content =
    `A problem and an answer that was proposed for it follow.\n\nProblem:\n${problem}\n\nProposed answer:\n${answer}\n\n` +
    'Is the proposed answer true or false?\nA) True\nB) False\nReply with the letter alone.'
  return [{ role: 'user', content }]
}

/**
 * The second prompt of a problem, without its answer: the model's own tokens take their place as they are. Where they
 * stand is found from two renderings whose answers differ.
 */
export function pTrueFollowUp(problem: string, tokenizer: Tokenizer): FollowUp {
  const [one, other] = ['x', '7'].map(answer => tokenizer.encodeChat(pTrueMessages(problem, answer))) as [
    number[],
    number[],
  ]
  const shortest = Math.min(one.length, other.length)
  let first = 0
  while (first < shortest && one[first] === other[first]) first++
  let last = 0
  while (last < shortest - first && one.at(-1 - last) === other.at(-1 - last)) last++
  return { before: one.slice(0, first), after: one.slice(one.length - last) }
}

/** Ids of the letters that stand for true and false. Throws InputError where they begin with one and the same token. */
export function pTrueIds(tokenizer: Tokenizer): number[] {
  const ids = ['A', 'B'].map(letter => tokenizer.encode(letter)[0]!)
  if (ids[0] === ids[1])
    throw new InputError(
      `--p-true: the tokenizer has no tokens of their own for A and B (both are ${ids[0]}); leave it out`,
    )
  return ids
}

/** p(True) of an answer from the log-probabilities of the two letters. */
export function pTrueOf({ watchedLogprobs }: Generation): PTrue {
  if (!watchedLogprobs) return { pTrue: null, pTrueProbabilities: null }
  const [logTrue = 0, logFalse = 0] = watchedLogprobs
  return {
    pTrue: 1 / (1 + Math.exp(logFalse - logTrue)),
    pTrueProbabilities: { true: Math.exp(logTrue), false: Math.exp(logFalse) },
  }
}
