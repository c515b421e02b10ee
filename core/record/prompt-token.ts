import type { KnownScores } from '../model/scores.ts'
import { column, isRecord, type Kind, kindOfColumn, type RunColumn } from './field.ts'
import { logprobOf } from './token.ts'

/**
 * A token of a prompt, and what the model says of it where it has seen those before it, and no more. The numbers are of the softmax of
 * the raw logits over the whole vocabulary; they are null of the first token, before which there is nothing, and where logits are
 * not finite.
 */
export interface PromptToken {
  id: number
  /** Text of the token alone; null without a tokenizer. A token that holds part of a character shows U+FFFD. */
  text: string | null
  /** Log-probability of the token, nats. */
  logprob: number | null
  /** −Σ p log p, nats: how sure the model was of what would stand here. */
  entropyNats: number | null
  /** Number of tokens likelier than it (ties go to the lower id); 0 is the likeliest. */
  rank: number | null
}

const ofPrompt = { depth: 1, shape: 'prompt', isLater: true } as const

/**
 * Every field of a prompt's token, in the order of its columns in `traces.parquet`, which a run has that kept them. All answers to a
 * problem have the same prompt: the first of them (`sample_index` 0) has its tokens, the lists of the others are empty.
 */
export const promptTokenFields = {
  id: column(
    'prompt_token_id',
    'int32',
    'none',
    "with --prompt-logprobs: ids of the prompt's tokens, in the row of the first answer to its problem; empty in other rows, as the lists below",
    ofPrompt,
  ),
  text: column(
    'prompt_token_text',
    'string?',
    'none',
    'the text of each alone; null without a tokenizer',
    ofPrompt,
  ),
  logprob: column(
    'prompt_logprob',
    'float?',
    'nats',
    'log p of it, p being the softmax of the raw logits behind the tokens before it; null of the first',
    ofPrompt,
  ),
  entropyNats: column(
    'prompt_entropy_nats',
    'float?',
    'nats',
    'entropy of that p; null of the first',
    ofPrompt,
  ),
  rank: column(
    'prompt_rank',
    'int32?',
    'none',
    'how many tokens are likelier than it there; null of the first',
    ofPrompt,
  ),
} as const satisfies Record<keyof PromptToken, RunColumn>

/** The fields with their names. */
export const promptTokenEntries = Object.entries<RunColumn>(promptTokenFields).map(([name, field]) => ({
  name: name as keyof PromptToken,
  field,
  kind: kindOfColumn(field, 1),
}))

/** What a line of the journal has to have for a prompt's tokens. */
export const promptTokens: Kind = {
  is: value =>
    Array.isArray(value) &&
    value.every(
      token => isRecord(token) && promptTokenEntries.every(({ name, kind }) => kind.is(token[name])),
    ),
  words: 'the tokens of the prompt, each with id, text, logprob, entropyNats and rank',
}

/** The prompt's tokens of a row of `traces.parquet`; undefined where it has none. */
export function promptTokensOfRow(row: Record<string, unknown>): PromptToken[] | undefined {
  const columns = promptTokenEntries.map(({ name, field }) => [name, row[field.name]] as const)
  const count = (row[promptTokenFields.id.name] as ArrayLike<number> | undefined)?.length ?? 0
  if (count === 0) return undefined
  return Array.from({ length: count }, (_, index) => {
    const values = columns.map(([name, list]) => [name, (list as ArrayLike<unknown>)[index] ?? null])
    return Object.fromEntries(values) as PromptToken
  })
}

/** The record of a prompt's token from what the device handed over; of the first token, of which it says nothing, without. */
export function recordPromptToken(id: number, scores: KnownScores | null, text: string | null): PromptToken {
  if (!scores || scores.statistics.notFinite > 0)
    return { id, text, logprob: null, entropyNats: null, rank: null }
  const { statistics, logit, rank } = scores
  return { id, text, logprob: logprobOf(logit, statistics), entropyNats: statistics.entropyNats, rank }
}
