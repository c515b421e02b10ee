import type { Coverage } from '../analyse/coverage.ts'
import type { GradingRules } from '../grade/grading-rules.ts'
import type { SampleRecord } from './sample-record.ts'

/** What else of decoding may be set: as `generate` of Transformers, and so lm-evaluation-harness, names it. */
export type FurtherDecoding = Partial<
  Record<'top_k' | 'top_p' | 'min_p' | 'repetition_penalty' | 'num_beams' | 'length_penalty', number>
>

/** What an export says of the run besides its samples. */
export interface ExportRun {
  modelName: string
  dataSetName: string
  /** Problems of the data set. */
  problems: number
  /** Problems asked for. */
  limit: number
  systemPrompt: string | null
  maxNewTokens: number
  temperature: number
  /** Settings beyond these that are not the defaults, by their names in Transformers. */
  furtherDecoding: FurtherDecoding
  seed: number
  /** Answers a problem. */
  samples: number
  topLogprobs: number
  /** By which rules the answers are graded. */
  grading: GradingRules
  /** How much of the run its samples are. */
  coverage: Coverage
  /** SHA-256 of the settings, which names the run. */
  hash: string
  /** When the last answer was finished, milliseconds since 1970. */
  finishedMs: number
  /** Version of entrace. */
  version: string
}

/** A token's log-probability as the OpenAI interface has it; inspect_ai's log has the same. */
export interface TokenLogprob {
  token: string
  /** Natural logarithm. */
  logprob: number
  /** UTF-8 of the token; null where it is not known. */
  bytes: number[] | null
}

/** What a token's log-probability is said to be where it is too small for a number. */
const leastLogprob = -9999

/**
 * A sample's tokens in the shape of `choices[].logprobs.content[]`. A token whose text the
 * record does not have goes by `token_id:N` as vLLM has it. A text with U+FFFD is of a part of a character, so its bytes are
 * not known.
 */
export function tokenLogprobs(sample: SampleRecord): (TokenLogprob & { top_logprobs: TokenLogprob[] })[] {
  const entry = (id: number, text: string | null, logprob: number | null | undefined): TokenLogprob => ({
    token: text ?? `token_id:${id}`,
    logprob: logprob ?? leastLogprob,
    bytes: text === null || text.includes('\ufffd') ? null : Array.from(new TextEncoder().encode(text)),
  })
  const texts = new Map<number, string | null>(
    Object.entries(sample.topTexts ?? {}).map(([id, text]) => [Number(id), text]),
  )
  for (const { id, text } of sample.tokens) texts.set(id, text)
  return sample.tokens.map(token => ({
    ...entry(token.id, token.text, token.logprob),
    top_logprobs: token.topIds.map((id, index) => entry(id, texts.get(id) ?? null, token.topLogprobs[index])),
  }))
}
