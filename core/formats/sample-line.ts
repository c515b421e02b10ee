import type { TokenRecord } from '../generate/token-record.ts'
import { InputError } from '../input-error.ts'
import { refuseNewerFormat } from './refuse-newer-format.ts'
import type { SampleRecord } from './sample-record.ts'

/** How long a line of the journal may be, bytes: some ten times what 100,000 tokens take. */
export const mostLineBytes = 2 ** 27

/** What a value has to be, and how a message says that. */
interface Kind {
  is(value: unknown): boolean
  words: string
}

const text: Kind = { is: value => typeof value === 'string', words: 'a text' }
const truth: Kind = { is: value => typeof value === 'boolean', words: 'true or false' }
const number: Kind = { is: value => Number.isFinite(value), words: 'a finite number' }
/** Columns keep these in 32 bits. */
const place: Kind = {
  is: value => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31,
  words: 'an integer from 0 to 2147483647',
}
const texts: Kind = {
  is: value =>
    isRecord(value) && Object.entries(value).every(([id, of]) => place.is(Number(id)) && text.is(of)),
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

const sampleKinds: Record<Exclude<keyof SampleRecord, 'tokens'>, Kind> = {
  problemId: text,
  problemIndex: place,
  sampleIndex: place,
  problem: text,
  prompt: text,
  generatedText: text,
  extractedAnswer: orNull(text),
  expectedAnswer: text,
  correct: truth,
  rule: text,
  finishReason: {
    is: value => value === 'stop' || value === 'length' || value === 'error',
    words: '"stop", "length" or "error"',
  },
  error: orNull(text),
  promptTokens: place,
  generatedTokens: place,
  meanEntropyNats: orNull(number),
  maxEntropyNats: orNull(number),
  sumLogprob: orNull(number),
  metadata: scalars,
  durationMs: number,
  topTexts: orAbsent(texts),
  pTrue: orAbsent(orNull(number)),
  pTrueProbabilities: orAbsent(orNull(probabilities)),
}

const tokenKinds: Record<keyof TokenRecord, Kind> = {
  id: place,
  text: orNull(text),
  entropyNats: number,
  varentropy: number,
  logprob: number,
  margin: number,
  selfCertainty: number,
  rank: place,
  topIds: listOf(place),
  topLogprobs: listOf(number),
  tailMass: number,
  processedEntropyNats: orAbsent(number),
  processedLogprob: orAbsent(number),
}

const sampleEntries = Object.entries(sampleKinds)
const tokenEntries = Object.entries(tokenKinds)

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
  if (!place.is(sample['problemIndex']) || !place.is(sample['sampleIndex']) || !Array.isArray(tokens))
    throw damaged(where, 'has no problemIndex, sampleIndex and tokens')
  checkFields(where, '', sample, sampleEntries)
  for (const [index, token] of tokens.entries()) {
    if (!isRecord(token)) throw damaged(where, `tokens.${index} is ${shown(token)}`)
    checkFields(where, `tokens.${index}.`, token, tokenEntries)
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
  kinds: readonly [string, Kind][],
): void {
  for (const [name, kind] of kinds)
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function orNull({ is, words }: Kind): Kind {
  return { is: value => value === null || is(value), words: `${words}, or null` }
}

function orAbsent({ is, words }: Kind): Kind {
  return { is: value => value === undefined || is(value), words }
}

function listOf({ is, words }: Kind): Kind {
  return {
    is: value => Array.isArray(value) && value.every(is),
    words: `a list, each of which is ${words}`,
  }
}
