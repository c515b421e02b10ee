import type { PromptStyle } from '../evaluate/prompt.ts'
import type { GradingRules } from '../grade/grading-rules.ts'
import type { SampleRecord } from '../record/sample.ts'
import type { Coverage } from '../study/coverage.ts'

/** What an export says of the run besides its samples. */
export interface ExportRun {
  modelName: string
  /** The commit on the Hub; null of a folder. */
  modelRevision: string | null
  dataSetName: string
  /** Problems of the data set. */
  problems: number
  /** Problems asked for. */
  limit: number
  promptStyle: PromptStyle
  systemPrompt: string | null
  /** Whether what would be the system message stands in the first user message. */
  systemInUserMessage: boolean
  /** Number of worked examples. */
  fewShot: number
  maxNewTokens: number
  /** Texts that end an answer. */
  stopTexts: readonly string[]
  temperature: number
  /** Settings beyond these that are not the defaults, by their names in Transformers. */
  furtherDecoding: Readonly<Record<string, number>>
  seed: number
  /** Answers a problem. */
  samples: number
  topLogprobs: number
  /** By which rules the answers are graded. */
  grading: GradingRules
  /** How much of the run its samples are. */
  coverage: Coverage
  /** Which part of the run this is, as "2/8"; null of a whole one. */
  shard: string | null
  /** SHA-256 of the settings, which names the run. */
  hash: string
  /** When the run began, milliseconds since 1970, as far as its files have kept their times. */
  begunMs: number
  /** When the last answer was finished. */
  finishedMs: number
  /** Version of entrace. */
  version: string
}

/** The values of a metric, of which no one is kept. */
export class MeanTotals {
  #count = 0
  #sum = 0
  #mean = 0
  #squares = 0

  /** Takes in a value, by Welford's recurrence (Technometrics 4(3), 1962). */
  add(value: number): void {
    this.#count++
    this.#sum += value
    const before = value - this.#mean
    this.#mean += before / this.#count
    this.#squares += before * (value - this.#mean)
  }

  /**
   * Their mean with the standard deviation of a sample over the root of their number, as inspect_ai and lm-evaluation-harness
   * have it and of fewer than two is unset; null of none.
   */
  estimate(): { mean: number; stderr?: number } | null {
    const count = this.#count
    if (count === 0) return null
    const mean = this.#sum / count
    return count === 1 ? { mean } : { mean, stderr: Math.sqrt(this.#squares / (count - 1) / count) }
  }
}

/** A value as JSON whose texts every reader takes: U+FFFD in place of half a pair of UTF-16, which Python refuses. */
export function wellFormedJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent)
  if (!text.includes('\\ud')) return text
  // Halves of pairs are the only characters that stringify writes as \\ud800 to \\udfff; a backslash of the text is doubled.
  return text.replaceAll(/\\(?:u(d[89a-f])..|.)/g, (whole, half) => (half ? '\ufffd' : whole))
}

/** The same as a line: the ends of lines that Unicode knows beside LF, at which Python's `splitlines` would cut it, are escaped. */
export function jsonLine(value: unknown): string {
  const text = wellFormedJson(value).replaceAll(
    /[\u0085\u2028\u2029]/g,
    end => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${text}\n`
}

/** A sample's metadata; a number that 64 bits do not hold as a whole one, which columns of other tools cannot take, is text. */
export function readableMetadata({ metadata }: SampleRecord): SampleRecord['metadata'] {
  const isWide = (value: unknown) => typeof value === 'number' && Math.abs(value) >= 2 ** 63
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, isWide(value) ? String(value) : value]),
  )
}

/** What a token's log-probability is said to be where it is too small for a number. */
const leastLogprob = -9999

/** A token as `choices[].logprobs.content[]` has it. */
function logprobEntry(id: number, text: string | null, logprob: number | null | undefined) {
  return {
    token: text ?? `token_id:${id}`,
    logprob: logprob ?? leastLogprob,
    bytes: text === null || text.includes('\ufffd') ? null : Array.from(new TextEncoder().encode(text)),
  }
}

/** The prompt's tokens in the same shape, but those of which nothing is known, as the first; undefined where the sample has none. */
export function promptLogprobs({ promptScores }: SampleRecord) {
  return promptScores
    ?.filter(({ logprob }) => logprob !== null)
    .map(({ id, text, logprob }) => logprobEntry(id, text, logprob))
}

/**
 * A sample's tokens in the shape of `choices[].logprobs.content[]` of the OpenAI interface, which inspect_ai's log has too. A token whose
 * text the record does not have goes by `token_id:N` as vLLM has it. A text with U+FFFD is of a part of a character, so its UTF-8 is not
 * known.
 */
export function tokenLogprobs(sample: SampleRecord) {
  const texts = new Map<number, string | null>(
    Object.entries(sample.topTexts ?? {}).map(([id, text]) => [Number(id), text]),
  )
  for (const { id, text } of sample.tokens) texts.set(id, text)
  return sample.tokens.map(token => ({
    ...logprobEntry(token.id, token.text, token.logprob),
    top_logprobs: token.topIds.map((id, index) =>
      logprobEntry(id, texts.get(id) ?? null, token.topLogprobs[index]),
    ),
  }))
}
