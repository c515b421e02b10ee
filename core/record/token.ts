import type { EntropyStatistics } from '../../kernels/entropy/entropy.ts'
import type { TokenScores } from '../model/scores.ts'
import { column, type Kind, kindOfColumn, number, orAbsent, type RunColumn } from './field.ts'

/**
 * What one decoding step leaves behind: the chosen token and how sure the model was of it.
 * All values are of the softmax of the raw logits (before temperature, penalties or filters) over the whole vocabulary; logarithms are natural.
 */
export interface TokenRecord {
  /** Id of the chosen token. */
  id: number
  /** Text of the token alone; null without a tokenizer. A token that holds part of a character shows U+FFFD. */
  text: string | null
  /** −Σ p log p, nats. */
  entropyNats: number
  /** Variance of −log p under p, nats². */
  varentropy: number
  /** Log-probability of the chosen token, nats. */
  logprob: number
  /** p1 − p2: probability of the likeliest token minus that of the second. */
  margin: number
  /** KL(uniform ‖ p) = −log V − mean over the vocabulary of log p, nats (arXiv 2502.18581). */
  selfCertainty: number
  /** Number of tokens likelier than the chosen one (ties go to the lower id); 0 is the likeliest. */
  rank: number
  /** Ids of the k likeliest tokens, likeliest first, ties by the lower id. */
  topIds: number[]
  /** Their log-probabilities, nats. */
  topLogprobs: number[]
  /** Probability outside those k. */
  tailMass: number
  /**
   * Entropy of the distribution that the token was chosen from, after penalty, temperature and filters, nats; absent where
   * that is the raw softmax.
   */
  processedEntropyNats?: number
  /** Log-probability of the chosen token in that distribution, nats; absent where that is the raw softmax. */
  processedLogprob?: number
}

/** A field of a token: its column of `traces.parquet`, a list in each row, and what a line of the journal has to have there. */
interface TokenField extends RunColumn {
  /** Its name in TokenColumns, where that is another. */
  as?: string
  /** Where a line may have other values than those of the column. */
  kind?: Kind
}

const ofTokens = { depth: 1, shape: 'tokens' } as const
const ofTop = { depth: 2, shape: 'top' } as const

/**
 * Every field of a token, in the order of the columns. The check of the journal's lines, the columns of `traces.parquet` and what
 * describes them, and what makes columns of records follow from it. TokenRecord stays an interface of its own, since an editor
 * shows the comment of each of its fields and reads no formula out of a table; a field that one of the two lacks does not compile.
 */
export const tokenFields = {
  id: column('token_id', 'int32', 'none', 'id of the token', { as: 'tokenId', ...ofTokens }),
  text: column(
    'token_text',
    'string?',
    'none',
    'its text alone, U+FFFD for a part of a character; null without a tokenizer',
    { as: 'tokenText', ...ofTokens },
  ),
  entropyNats: column(
    'entropy_nats',
    'float',
    'nats',
    'entropy of the softmax of the raw logits over the whole vocabulary, where the token was chosen',
    ofTokens,
  ),
  varentropy: column('varentropy', 'float', 'nats²', 'variance of −log p under that softmax', ofTokens),
  logprob: column('logprob', 'float', 'nats', 'log p of the token, p being that softmax', ofTokens),
  margin: column(
    'margin',
    'float',
    'probability',
    'p of the likeliest token minus p of the second',
    ofTokens,
  ),
  selfCertainty: column('self_certainty', 'float', 'nats', 'KL(uniform ‖ p)', ofTokens),
  rank: column(
    'rank',
    'int32',
    'none',
    'how many tokens are likelier than it, those of a lower id and like p included',
    ofTokens,
  ),
  topIds: column('top_ids', 'int32', 'none', 'ids of the likeliest tokens there, the likeliest first', ofTop),
  topLogprobs: column('top_logprobs', 'float', 'nats', 'log p of each of them', ofTop),
  tailMass: column('tail_mass', 'float', 'probability', 'p of all other tokens together', ofTokens),
  processedEntropyNats: column(
    'processed_entropy_nats',
    'float?',
    'nats',
    'entropy of what the token was drawn from, behind temperature, penalty and filters; null where that is the raw softmax',
    { kind: orAbsent(number), ...ofTokens },
  ),
  processedLogprob: column(
    'processed_logprob',
    'float?',
    'nats',
    'log-probability of the token in that; null as before',
    { kind: orAbsent(number), ...ofTokens },
  ),
} as const satisfies Record<keyof TokenRecord, TokenField>

/** The fields with their names, each with what a line of the journal has to have there and its name in TokenColumns. */
export const tokenFieldEntries = Object.entries<TokenField>(tokenFields).map(([name, field]) => ({
  name: name as keyof TokenRecord,
  field,
  kind: field.kind ?? kindOfColumn(field, 1),
  columnName: (field.as ?? name) as keyof TokenColumns,
}))

/** Of a field's values, of which a list is one, a column; null stands where an optional field is absent. */
type ColumnOf<Value> = [Value] extends [readonly (infer Item)[]]
  ? ArrayLike<ArrayLike<Item>>
  : ArrayLike<undefined extends Value ? Exclude<Value, undefined> | null : Value>

type ColumnsOf<Fields> = { [Name in keyof Fields]: ColumnOf<Fields[Name]> }

/**
 * One sample's tokens as columns: a row of `traces.parquet`. Names and units are those of TokenRecord; an optional column is
 * absent where no token has its field, and null where one lacks it.
 */
export interface TokenColumns extends ColumnsOf<Omit<TokenRecord, 'id' | 'text'>> {
  tokenId: ArrayLike<number>
  tokenText: ArrayLike<string | null>
}

/** The tokens of one sample as columns. */
export function tokenColumns(tokens: readonly TokenRecord[]): TokenColumns {
  return columnsFrom(tokens.length, ({ name, kind }) => {
    const isAbsent = kind.is(undefined) && !tokens.some(token => token[name] !== undefined)
    return isAbsent ? undefined : index => tokens[index]![name]
  })
}

/** The first `count` tokens of the one, and then all of the other. */
export function spliceColumns(first: TokenColumns, count: number, second: TokenColumns): TokenColumns {
  const kept = Math.min(count, first.tokenId.length)
  return columnsFrom(kept + second.tokenId.length, ({ columnName }) => {
    const [before, after] = [first[columnName], second[columnName]]
    if (!before && !after) return undefined
    return index => (index < kept ? before?.[index] : after?.[index - kept])
  })
}

/** The tokens of a row of `traces.parquet`. */
export function tokenColumnsOfRow(row: Record<string, unknown>): TokenColumns {
  return Object.fromEntries(
    tokenFieldEntries.map(({ columnName, field }) => [columnName, row[field.name]]),
  ) as unknown as TokenColumns
}

/** Columns of so many tokens. `valuesOf` gives a field's value at an index, undefined for null, or nothing for no column. */
function columnsFrom(
  count: number,
  valuesOf: (entry: (typeof tokenFieldEntries)[number]) => ((index: number) => unknown) | undefined,
): TokenColumns {
  const columns: Record<string, unknown> = {}
  for (const entry of tokenFieldEntries) {
    const valueAt = valuesOf(entry)
    if (!valueAt) continue
    const { type, nullable, depth } = entry.field
    const isNumbers = type === 'float' && depth === 1 && !nullable
    const column: { [index: number]: unknown } = isNumbers ? new Float64Array(count) : new Array(count)
    for (let index = 0; index < count; index++)
      column[index] = isNumbers ? valueAt(index) : (valueAt(index) ?? null)
    columns[entry.columnName] = column
  }
  return columns as unknown as TokenColumns
}

/** The log-probability of a token by its logit and the statistics of its row, in float64: log p(i) = x_i − maximum − ln s. */
export function logprobOf(logit: number, { maximum, s }: Pick<EntropyStatistics, 'maximum' | 's'>): number {
  return logit - maximum - Math.log(s)
}

/**
 * The record of a step from what the device handed over, finished in float64.
 * `k` is the number of top entries to keep, `vocabulary` the number of logits.
 */
export function recordToken(
  scores: TokenScores,
  k: number,
  vocabulary: number,
  text: string | null,
): TokenRecord {
  const { statistics, top, chosen, processed } = scores
  const logDenominator = Math.log(statistics.s)
  // As logprobOf says, with one logarithm for all.
  const logprob = (logit: number) => logit - statistics.maximum - logDenominator
  const first = Math.exp(logprob(top[0]!.logit))
  const second = top[1] ? Math.exp(logprob(top[1].logit)) : 0
  const kept = top.slice(0, k)
  const topLogprobs = kept.map(({ logit }) => logprob(logit))
  const topMass = topLogprobs.reduce((sum, value) => sum + Math.exp(value), 0)
  return {
    id: chosen.id,
    text,
    entropyNats: statistics.entropyNats,
    varentropy: statistics.varentropy,
    logprob: logprob(chosen.logit),
    margin: first - second,
    selfCertainty: logDenominator - statistics.w / vocabulary - Math.log(vocabulary),
    rank: chosen.rank,
    topIds: kept.map(({ id }) => id),
    topLogprobs,
    // The top k of f32 logits can exceed 1 by a rounding error.
    tailMass: Math.max(0, 1 - topMass),
    ...(processed && {
      processedEntropyNats: processed.statistics.entropyNats,
      // Never above 0, which f32 sums can exceed by a rounding error.
      processedLogprob: Math.min(0, logprobOf(processed.logit, processed.statistics)),
    }),
  }
}
