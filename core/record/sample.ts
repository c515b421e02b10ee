import { InputError } from '../input-error.ts'
import {
  column,
  isRecord,
  type Kind,
  kindOfColumn,
  natural,
  number,
  orAbsent,
  orNull,
  type RunColumn,
  text,
  textColumn,
  truth,
} from './field.ts'
import { type PromptToken, promptTokens } from './prompt-token.ts'
import { refuseNewerFormat } from './run-files.ts'
import { type TokenRecord, tokenFieldEntries } from './token.ts'

/** Why an answer ended: the model stopped, the token limit was reached, or the sample failed. */
export type FinishReason = 'stop' | 'length' | 'error'

/** One finished sample: a line of `samples.jsonl`, from which every other file of a run is made. */
export interface SampleRecord {
  problemId: string
  /** Where the problem stands in its data set, from 0: the order of results. */
  problemIndex: number
  /** Which of the several answers to this problem, from 0. */
  sampleIndex: number
  problem: string
  /** The rendered prompt: chat template and system prompt included. */
  prompt: string
  generatedText: string
  extractedAnswer: string | null
  expectedAnswer: string
  correct: boolean
  /** The rule that reached the verdict. */
  rule: string
  finishReason: FinishReason
  /** What went wrong, with finishReason "error". */
  error: string | null
  promptTokens: number
  generatedTokens: number
  /** Over all generated tokens, the stop token included; null with none. */
  meanEntropyNats: number | null
  maxEntropyNats: number | null
  /** Sum of the chosen tokens' log-probabilities; null with none. */
  sumLogprob: number | null
  /** Further columns of the data set, as they were (level, operations, ...). */
  metadata: Record<string, string | number | boolean | null>
  /** From the sequence's admission to its last token. */
  durationMs: number
  tokens: TokenRecord[]
  /** Texts of the tokens that were likely (`topIds`) and nowhere chosen, by id; absent without a tokenizer. */
  topTexts?: Record<string, string>
  /**
   * Probability that the model calls its own answer true, of that it calls it true or false (arXiv 2207.05221); null where
   * it could not be asked. Absent where it was not asked.
   */
  pTrue?: number | null
  /** The two probabilities themselves. */
  pTrueProbabilities?: { true: number; false: number } | null
  /**
   * The prompt's tokens, and how likely each was behind those before it, where they are wanted. Answers to one problem have one
   * prompt: the first of them (`sampleIndex` 0) has this, and the others lack it.
   */
  promptScores?: PromptToken[]
}

/** A sample of a run that was analysed. */
export interface CalibratedSample extends SampleRecord {
  /** Probability that the answer is right, by the run's calibration; null where there is none. */
  probabilityCorrect: number | null
}

const finishReasons: Kind = {
  is: value => value === 'stop' || value === 'length' || value === 'error',
  words: '"stop", "length" or "error"',
}
const texts: Kind = {
  is: value =>
    isRecord(value) && Object.entries(value).every(([id, of]) => natural.is(Number(id)) && text.is(of)),
  words: 'texts by the ids of tokens',
}
const scalars: Kind = {
  is: value =>
    isRecord(value) &&
    Object.values(value).every(of => of === null || text.is(of) || truth.is(of) || number.is(of)),
  words: 'texts, numbers, true, false or null by name',
}
const probabilities: Kind = {
  is: value => isRecord(value) && number.is(value['true']) && number.is(value['false']),
  words: 'the probabilities of true and false',
}

/** A field of a sample: its column in a run's tables, or what a line of the journal has to have there, or both. */
type SampleField = (RunColumn & { kind?: Kind }) | { kind: Kind }

/**
 * Every field of a sample but its tokens. What a line of the journal has to have, the columns of both tables and what describes
 * them follow from it. SampleRecord stays an interface of its own for the reason that TokenRecord does (`tokenFields`).
 */
export const sampleFields = {
  problemId: textColumn('problem_id', 'id of the problem in its data set, its place there where it has none'),
  problemIndex: column('problem_index', 'int32', 'none', 'place of the problem in its data set, from 0'),
  sampleIndex: column('sample_index', 'int32', 'none', 'which of the several answers to its problem, from 0'),
  problem: textColumn('problem', 'the problem as the data set has it'),
  prompt: textColumn('prompt', 'what the model was given, template included'),
  generatedText: textColumn('generated_text', 'the answer as it was written'),
  extractedAnswer: column(
    'extracted_answer',
    'string?',
    'none',
    'the answer that was found in the text; null where none was',
  ),
  expectedAnswer: textColumn('expected_answer', 'the answer of the data set'),
  correct: column(
    'correct',
    'boolean',
    'none',
    'whether the answer was graded as right; false of a sample that failed',
  ),
  rule: textColumn('rule', 'the rule of grading that reached the verdict'),
  finishReason: textColumn(
    'finish_reason',
    'stop: the model ended it; length: it reached the limit of tokens; error: the sample failed',
    { kind: finishReasons },
  ),
  error: column('error', 'string?', 'none', 'why the sample failed; null where it did not'),
  promptTokens: column('prompt_tokens', 'int32', 'tokens', 'length of the prompt'),
  generatedTokens: column(
    'generated_tokens',
    'int32',
    'tokens',
    'length of the answer, the token that ended it included',
  ),
  meanEntropyNats: column(
    'mean_entropy_nats',
    'double?',
    'nats',
    'mean of entropy_nats; null without tokens',
  ),
  maxEntropyNats: column(
    'max_entropy_nats',
    'double?',
    'nats',
    'largest of entropy_nats; null without tokens',
  ),
  sumLogprob: column('sum_logprob', 'double?', 'nats', 'sum of logprob; null without tokens'),
  metadata: textColumn(
    'metadata',
    "the other columns of the problem's row in its data set, as a JSON object",
    { kind: scalars },
  ),
  durationMs: column(
    'duration_ms',
    'double',
    'milliseconds',
    'from when the sample was begun to its last token, while others were computed as well',
  ),
  topTexts: { kind: orAbsent(texts) },
  pTrue: { kind: orAbsent(orNull(number)) },
  pTrueProbabilities: { kind: orAbsent(orNull(probabilities)) },
  promptScores: { kind: orAbsent(promptTokens) },
} as const satisfies Record<Exclude<keyof SampleRecord, 'tokens'>, SampleField>

const sampleKinds = Object.entries<SampleField>(sampleFields).map(([name, field]) => ({
  name,
  kind: 'name' in field ? (field.kind ?? kindOfColumn(field)) : field.kind,
}))

/** How long a line of the journal may be, bytes: some ten times what 100,000 tokens take. */
export const mostLineBytes = 2 ** 27

/**
 * The finished sample that a line of the journal holds, its format's version with it. Throws InputError, with `where` in its message,
 * for a line that is damaged or of a newer format: whatever reads on may rely on every field.
 */
export function parseSampleLine(where: string, line: string): SampleRecord & { formatVersion?: unknown } {
  let found: unknown
  try {
    found = JSON.parse(line)
  } catch {
    throw damaged(where, 'is not JSON')
  }
  // The version comes first: a newer one may have other names.
  refuseNewerFormat(where, isRecord(found) ? found['formatVersion'] : undefined)
  const sample = found as Record<string, unknown>
  const { tokens } = sample
  if (!natural.is(sample['problemIndex']) || !natural.is(sample['sampleIndex']) || !Array.isArray(tokens))
    throw damaged(where, 'has no problemIndex, sampleIndex and tokens')
  checkFields(where, '', sample, sampleKinds)
  for (const [index, token] of tokens.entries()) {
    if (!isRecord(token)) throw damaged(where, `tokens.${index} is ${shown(token)}`)
    checkFields(where, `tokens.${index}.`, token, tokenFieldEntries)
    const { topIds, topLogprobs } = token as unknown as TokenRecord
    if (topIds.length !== topLogprobs.length)
      throw damaged(
        where,
        `tokens.${index} has ${topIds.length} topIds and ${topLogprobs.length} topLogprobs`,
      )
  }
  return found as SampleRecord
}

function checkFields(
  where: string,
  path: string,
  record: Record<string, unknown>,
  kinds: readonly { name: string; kind: Kind }[],
): void {
  for (const { name, kind } of kinds)
    if (!kind.is(record[name]))
      throw damaged(where, `${path}${name} is ${shown(record[name])}, which should be ${kind.words}`)
}

function damaged(where: string, fault: string): InputError {
  return new InputError(
    `${where}: ${fault}, expected a finished sample; remove the line to have the sample run again`,
  )
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100)
}
