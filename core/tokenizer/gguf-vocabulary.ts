import type { GgufArray, GgufMetadata, GgufValue } from '../files/gguf.ts'
import { InputError } from '../input-error.ts'
import { type PreTokenizer, preTokenizer, preTokenizerNames } from './pre-tokenizers.ts'

/** What a GGUF file's metadata says of its tokens. */
export interface GgufVocabulary {
  /** The file, for messages. */
  name: string
  /** By id. */
  tokens: readonly string[]
  /** By id, of `tokenTypes`. */
  types: Uint8Array
  /** Null where the file does not say and its kind of vocabulary has none of its own. */
  bosId: number | null
  eosId: number | null
  unknownId: number | null
  padId: number | null
  /** The end of a turn, where the file names it. */
  eotId: number | null
  /** Whether a prompt begins with bos. */
  addsBos: boolean
  kind: PairVocabulary | PieceVocabulary
  /** What the file holds that no text can come to, in words. */
  warnings: string[]
}

/** Byte-level byte-pair encoding, `gpt2`. */
export interface PairVocabulary {
  model: 'gpt2'
  /** Two tokens with a space between them, the first to be joined first. */
  merges: readonly string[]
  preTokenizer: PreTokenizer
}

/** SentencePiece's byte-pair encoding by scores, `llama`. */
export interface PieceVocabulary {
  model: 'llama'
  /** By id: of two pairs, the one that makes the token of the higher score is joined first. */
  scores: ArrayLike<number>
  /** Whether a text begins as if a space stood before it. */
  addsSpacePrefix: boolean
}

/** Kinds of tokens, by their numbers in `tokenizer.ggml.token_type`. */
export const tokenTypes = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const

/** Vocabularies that are no pairs, by their names in `tokenizer.ggml.model`. */
const otherModels: Record<string, string> = {
  bert: 'WordPiece',
  t5: 'SentencePiece unigrams',
  rwkv: 'RWKV',
  plamo2: 'PLaMo 2',
  gemma4: 'Gemma 4',
  none: 'none at all',
  no_vocab: 'none at all',
}

/**
 * Texts that are control tokens whatever their type says, as llama.cpp (src/llama-vocab.cpp) takes them: those that end what
 * a model writes, and those that frame code to be filled in. Converters often had them as normal tokens.
 */
const controlTexts = new Set(
  (
    '<|eot_id|> <|im_end|> <|end|> <|return|> <|call|> <|flush|> <|calls|> <end_of_turn> <|endoftext|> </s> <|eom_id|> <EOT> ' +
    '_<EOT> [EOT] [EOS] <|end_of_text|> <end_of_utterance> <eos> <turn|> <|tool_response> <｜end▁of▁sentence｜> [e~[ ' +
    '<|fim_prefix|> <fim-prefix> <fim_prefix> <｜fim▁begin｜> <PRE> ▁<PRE> <|code_prefix|> <|prefix|> ' +
    '<|fim_suffix|> <fim-suffix> <fim_suffix> <｜fim▁hole｜> <SUF> ▁<SUF> <|code_suffix|> <|suffix|> ' +
    '<|fim_middle|> <fim-middle> <fim_middle> <｜fim▁end｜> <MID> ▁<MID> <|code_middle|> <|middle|> ' +
    '<|fim_pad|> <fim-pad> <fim_pad> <PAD> [PAD] <|fim_repo|> <|repo_name|> <fim-repo> <REPO> <reponame> <|file_sep|>'
  ).split(' '),
)

const key = (field: string) => `tokenizer.ggml.${field}`

/** Reads and checks the vocabulary. Throws InputError, with the field's name, for one that cannot be used. */
export function readGgufVocabulary(metadata: GgufMetadata): GgufVocabulary {
  const fields = fieldReader(metadata)
  const model = fields.text('model')
  if (model !== 'gpt2' && model !== 'llama') {
    const known = Object.hasOwn(otherModels, model) ? ` (${otherModels[model]})` : ''
    fields.refuse('model', `${JSON.stringify(model.slice(0, 80))}${known}`, 'gpt2 or llama', useAnother)
  }
  const tokens = readTokens(fields)
  const types = readTypes(fields, tokens)
  const warnings: string[] = []
  const kind = model === 'gpt2' ? readPairs(fields, tokens, warnings) : readPieces(fields, tokens)
  // SentencePiece's own defaults.
  const [bos, eos, unknown] = model === 'llama' ? [1, 2, 0] : [null, null, null]
  const id = (field: string, otherwise: number | null = null) => {
    const stated = fields.id(field, tokens.length)
    return stated ?? (otherwise !== null && otherwise < tokens.length ? otherwise : null)
  }
  const bosId = id('bos_token_id', bos)
  const stated = fields.flag('add_bos_token')
  if (stated && bosId === null)
    fields.refuse('bos_token_id', 'nothing', 'an id, since tokenizer.ggml.add_bos_token is true', fetchAgain)
  return {
    name: metadata.name,
    tokens,
    types,
    bosId,
    eosId: id('eos_token_id', eos),
    unknownId: id('unknown_token_id', unknown),
    padId: id('padding_token_id'),
    eotId: id('eot_token_id'),
    addsBos: (stated ?? (kind.model === 'llama' || kind.preTokenizer.addsBos)) && bosId !== null,
    kind,
    warnings,
  }
}

/** Twice the longest published list of tokens or merges. */
const mostTexts = 2 ** 20
const fetchAgain = 'fetch the file again, or convert the model anew'
const useAnother = 'use another model, or give --prompt-ids, which needs no tokenizer'

type Fields = ReturnType<typeof fieldReader>

function fieldReader(metadata: GgufMetadata) {
  const refuse = (field: string, found: string, expected: string, remedy: string): never => {
    throw new InputError(`${metadata.name}: ${key(field)} is ${found}, expected ${expected}; ${remedy}`)
  }
  const get = <Value extends GgufValue>(
    field: string,
    isValue: (value: GgufValue) => value is Value,
    expected: string,
  ): Value | null => {
    const value = metadata.get(key(field))
    if (value === undefined) return null
    if (!isValue(value)) return refuse(field, metadata.describe(key(field)), expected, fetchAgain)
    return value
  }
  return {
    refuse,
    text: (field: string) =>
      get(field, value => typeof value === 'string', 'a text') ??
      refuse(field, 'missing', 'a text', fetchAgain),
    optionalText: (field: string) => get(field, value => typeof value === 'string', 'a text'),
    flag: (field: string) => get(field, value => typeof value === 'boolean', 'true or false'),
    texts(field: string) {
      if ((metadata.count(key(field)) ?? 0) > mostTexts)
        return refuse(field, metadata.describe(key(field)), `at most ${mostTexts}`, fetchAgain)
      return get(field, isTexts, 'a list of texts')
    },
    numbers: (field: string) => get(field, isNumbers, 'a list of numbers'),
    /** An id below `count`; null where the file does not say. */
    id(field: string, count: number): number | null {
      const id = get(field, value => typeof value === 'number', 'a whole number')
      // Files write -1, of whatever type, for none.
      if (id === -1 || id === 2 ** 32 - 1) return null
      if (id !== null && !(Number.isInteger(id) && id >= 0 && id < count))
        return refuse(field, String(id), `an id of the ${count} in ${key('tokens')}`, fetchAgain)
      return id
    },
  }
}

function isTexts(value: GgufValue): value is readonly string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string')
}

type Numbers = Extract<GgufArray, { readonly buffer: ArrayBufferLike; readonly [index: number]: number }>

function isNumbers(value: GgufValue): value is Numbers {
  return ArrayBuffer.isView(value) && typeof value[0] !== 'bigint'
}

function readTokens(fields: Fields): string[] {
  const stated = fields.texts('tokens') ?? []
  if (stated.length === 0) fields.refuse('tokens', 'empty', 'the text of every token', fetchAgain)
  const ids = new Map<string, number>()
  return stated.map((text, id) => {
    const token = text === '' ? `[EMPTY_${id}]` : text
    const other = ids.get(token)
    if (other !== undefined)
      fields.refuse(
        'tokens',
        `a list in which ids ${other} and ${id} are both ${JSON.stringify(token.slice(0, 80))}`,
        'each text once',
        fetchAgain,
      )
    ids.set(token, id)
    return token
  })
}

function readTypes(fields: Fields, tokens: readonly string[]): Uint8Array {
  const stated = fields.numbers('token_type')
  if (stated && stated.length !== tokens.length)
    fields.refuse(
      'token_type',
      `a list of ${stated.length}`,
      `one for each of the ${tokens.length} in ${key('tokens')}`,
      fetchAgain,
    )
  return Uint8Array.from(tokens, (token, id) =>
    controlTexts.has(token) ? tokenTypes.control : (stated?.[id] ?? tokenTypes.normal),
  )
}

function readPairs(fields: Fields, tokens: readonly string[], warnings: string[]): PairVocabulary {
  const merges = fields.texts('merges')
  if (!merges)
    return fields.refuse('merges', 'missing', 'the pairs that a byte-level vocabulary joins', fetchAgain)
  const known = new Set(tokens)
  let [unknown, example] = [0, '']
  for (const [index, merge] of merges.entries()) {
    const space = merge.indexOf(' ', 1)
    if (space === -1 || space === merge.length - 1)
      fields.refuse(
        'merges',
        `a list in which merge ${index} is ${JSON.stringify(merge.slice(0, 80))}`,
        'two tokens with a space between them',
        fetchAgain,
      )
    const [left, right] = [merge.slice(0, space), merge.slice(space + 1)]
    if (known.has(left) && known.has(right) && known.has(left + right)) continue
    if (unknown++ === 0) example = merge
  }
  if (unknown > 0)
    warnings.push(
      `${key('merges')}: ${unknown} of ${merges.length} name texts that are no tokens, the first ${JSON.stringify(example.slice(0, 80))}: text that holds them comes to fewer tokens`,
    )
  const name = fields.optionalText('pre') || 'default'
  const found = preTokenizer(name)
  if (!found)
    return fields.refuse(
      'pre',
      JSON.stringify(name.slice(0, 80)),
      `one of ${preTokenizerNames.join(', ')}`,
      useAnother,
    )
  return { model: 'gpt2', merges, preTokenizer: found }
}

function readPieces(fields: Fields, tokens: readonly string[]): PieceVocabulary {
  const scores = fields.numbers('scores') ?? new Float32Array(tokens.length)
  if (scores.length !== tokens.length)
    fields.refuse(
      'scores',
      `a list of ${scores.length}`,
      `one for each of the ${tokens.length} in ${key('tokens')}`,
      fetchAgain,
    )
  const wrong = scores.findIndex((score: number) => Number.isNaN(score))
  if (wrong !== -1) fields.refuse('scores', `a list in which ${wrong} is not a number`, 'numbers', fetchAgain)
  return { model: 'llama', scores, addsSpacePrefix: fields.flag('add_space_prefix') ?? true }
}
