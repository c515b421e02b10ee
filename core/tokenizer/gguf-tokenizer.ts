import type { GgufMetadata } from '../files/gguf.ts'
import { InputError } from '../input-error.ts'
import type { AddedToken, RenderedPiece } from './added-tokens.ts'
import { TextAllowance } from './bounded-steps.ts'
import { bytesOfToken, createPairEncoder } from './byte-pairs.ts'
import { type ChatTemplate, compileChatTemplate } from './chat-template.ts'
import { createConversations } from './conversations.ts'
import type { Encoder } from './encoder.ts'
import { type GgufVocabulary, readGgufVocabulary, tokenTypes } from './gguf-vocabulary.ts'
import { byteOf, createPieceEncoder, spaceMark } from './sentencepiece.ts'
import type { TemplateArguments } from './template-arguments.ts'
import { createTokenFinder, type TextRange } from './token-finder.ts'
import type { Tokenizer, TokenizerEnds } from './tokenizer.ts'

/** The tokenizer that a GGUF file holds. */
export interface GgufTokenizer extends Tokenizer, TokenizerEnds {
  /** What the file holds that no text can come to, in words. */
  readonly warnings: readonly string[]
}

/** The part of a GGUF file's tokenizer that knows no conversations. */
export interface GgufEncoder extends Encoder {
  vocabulary: GgufVocabulary
  addedTokens: readonly AddedToken[]
  /** The default chat template as it is written; null without one. */
  chatTemplate: string | null
}

/**
 * Opens the tokenizer in a GGUF file's metadata without its chat template. Ids are those that llama.cpp makes of the same
 * file. Throws InputError, with the field's name, for one that is damaged or of a kind that is not known.
 */
export function openGgufEncoder(metadata: GgufMetadata): GgufEncoder {
  const vocabulary = readGgufVocabulary(metadata)
  const { tokens, types, bosId, addsBos, kind } = vocabulary
  const addsSpacePrefix = kind.model === 'llama' && kind.addsSpacePrefix
  const addedTokens = addedTokensOf(vocabulary, metadata)
  const encode = createTextEncoder(vocabulary, addedTokens)
  const decode = createDecoder(vocabulary)
  const idByContent = new Map(addedTokens.map(({ content, id }) => [content, id]))
  const isShown = (id: number) =>
    types[id] !== tokenTypes.control && types[id] !== tokenTypes.unknown && types[id] !== tokenTypes.unused
  /** A template that writes the beginning of text itself and a tokenizer that puts it there make one. */
  const withBos = (ids: number[]) => (addsBos && ids[0] !== bosId ? [bosId!, ...ids] : ids)
  const chatTemplate = metadata.get(templateKey)

  return {
    vocabulary,
    addedTokens,
    chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : null,
    idOf: content => idByContent.get(content ?? '') ?? null,
    encodePieces: pieces => withBos(encode(...joined(pieces))),
    encode: text => encode(text),
    encodeRaw: text => withBos(encode(text)),
    decode: ids => {
      const text = decode(ids.filter(isShown))
      return addsSpacePrefix && text.startsWith(' ') ? text.slice(1) : text
    },
    tokenText: id => decode([id]),
    vocabularySize: tokens.length,
  }
}

/** Opens the tokenizer in a GGUF file's metadata, whose chat template gets the arguments. Throws as openGgufEncoder does. */
export function openGgufTokenizer(
  metadata: GgufMetadata,
  templateArguments: TemplateArguments = {},
): GgufTokenizer {
  const opened = openGgufEncoder(metadata)
  const { vocabulary, addedTokens, idOf, encodePieces, chatTemplate: _, ...encoder } = opened
  const conversations = createConversations({
    templateName: `${metadata.name}: ${templateKey}`,
    templateRemedy: 'give --raw, with which the problem is the prompt',
    addedTokens,
    compileTemplate: () => compileTemplate(metadata, vocabulary, templateArguments),
    idOf,
    encodePieces,
  })
  return {
    ...encoder,
    ...conversations,
    eosId: vocabulary.eosId,
    endOfTurnId: () => endOfTurnOf(metadata, conversations.endOfTurnId) ?? vocabulary.eotId,
    warnings: vocabulary.warnings,
  }
}

const templateKey = 'tokenizer.chat_template'

function endOfTurnOf(metadata: GgufMetadata, ofTemplate: () => number | null): number | null {
  return metadata.has(templateKey) ? ofTemplate() : null
}

/** Tokens that text may name: wherever it does, they are one token. */
function addedTokensOf({ tokens, types }: GgufVocabulary, metadata: GgufMetadata): AddedToken[] {
  const name = metadata.get('general.name')
  const stripped = typeof name === 'string' && /phi-?3/i.test(name) ? phi3Unstripped : null
  return tokens.flatMap((content, id) => {
    const type = types[id]!
    const special = type === tokenTypes.control || type === tokenTypes.unknown
    if (!special && type !== tokenTypes.userDefined) return []
    const rstrip = stripped !== null && !stripped.has(content)
    return { id, content, special, lstrip: false, rstrip, single_word: false, normalized: false }
  })
}

/** A file does not say which tokens take the white space behind them; llama.cpp has it that all of Phi-3's do but these. */
const phi3Unstripped: ReadonlySet<string> = new Set(['<unk>', '<s>', '<|endoftext|>'])

/** The text of pieces, and where in it a message names a control token. */
function joined(pieces: readonly RenderedPiece[]): [text: string, quoted: TextRange[]] {
  const quoted: TextRange[] = []
  let text = ''
  for (const piece of pieces) {
    if (piece.isQuoted) quoted.push({ start: text.length, end: text.length + piece.text.length })
    text += piece.text
  }
  return [text, quoted]
}

/** Ids of text; within `quoted` no added token is found, nor what is named there made by joining. */
function createTextEncoder(vocabulary: GgufVocabulary, addedTokens: readonly AddedToken[]) {
  const { name, tokens, types, kind, unknownId } = vocabulary
  const allowance = new TextAllowance(name)
  const find = createTokenFinder(addedTokens, allowance)
  const ids = new Map<string, number>()
  let longest = 0
  for (const [id, token] of tokens.entries()) {
    longest = Math.max(longest, token.length)
    const type = types[id]
    if (type === tokenTypes.control || type === tokenTypes.unknown || type === tokenTypes.byte) continue
    ids.set(token, id)
  }
  const encodePlain =
    kind.model === 'gpt2'
      ? createPairEncoder(kind.merges, kind.preTokenizer, allowance)
      : createPieceEncoder(kind.scores, longest, byteIdsOf(vocabulary), unknownId, allowance)
  const addsSpace = kind.model === 'llama' && kind.addsSpacePrefix

  return (text: string, quoted: readonly TextRange[] = []): number[] => {
    const names = new Set(quoted.map(({ start, end }) => text.slice(start, end)))
    const idOf = (token: string) => (names.has(token) ? undefined : ids.get(token))
    allowance.begin(text.length)
    const parts = find(text.toWellFormed(), quoted)
    allowance.where = 'joining tokens'
    let isAfterToken = true
    return parts.flatMap(part => {
      const isToken = typeof part === 'number'
      const made = isToken ? part : encodePlain(addsSpace && isAfterToken ? ` ${part}` : part, idOf)
      isAfterToken = isToken
      return made
    })
  }
}

/** The id of each byte's token: one that is named so, else the token of the character whose only byte it is. */
function byteIdsOf({ tokens, types }: GgufVocabulary): (byte: number) => number | undefined {
  const ids: number[] = []
  for (const [id, token] of tokens.entries()) {
    if (token.length === 1 && token < '\u0080') ids[token.codePointAt(0)!] ??= id
  }
  for (const [id, token] of tokens.entries()) {
    const byte = types[id] === tokenTypes.byte || token.startsWith('<0x') ? byteOf(token) : null
    if (byte !== null) ids[byte] = id
  }
  return byte => ids[byte]
}

/** Text of ids. Bytes that are no UTF-8 become U+FFFD; ids without a token have no text. */
function createDecoder({ tokens, types, kind }: GgufVocabulary): (ids: readonly number[]) => string {
  const utf8 = new TextEncoder()
  const text = new TextDecoder('utf-8', { ignoreBOM: true })
  const bytesOf = (id: number): Uint8Array | number[] => {
    const token = tokens[id]
    if (token === undefined) return []
    const type = types[id]
    if (type === tokenTypes.byte) return [byteOf(token)].filter(byte => byte !== null)
    if (type !== tokenTypes.normal) return utf8.encode(token)
    return kind.model === 'gpt2' ? bytesOfToken(token) : utf8.encode(token.replaceAll(spaceMark, ' '))
  }
  return ids => text.decode(Uint8Array.from(ids.flatMap(id => [...bytesOf(id)])))
}

function compileTemplate(
  metadata: GgufMetadata,
  vocabulary: GgufVocabulary,
  templateArguments: TemplateArguments,
): ChatTemplate {
  const source = metadata.get(templateKey)
  if (typeof source !== 'string') {
    const named = [...metadata.keys()].flatMap(key =>
      key.startsWith(`${templateKey}.`) ? key.slice(templateKey.length + 1, templateKey.length + 80) : [],
    )
    const found =
      source !== undefined
        ? metadata.describe(templateKey)
        : named.length > 0
          ? `none but those named ${named.slice(0, 10).join(', ')}`
          : 'none'
    throw new InputError(
      `${metadata.name}: expected a chat template in ${templateKey}, found ${found}. ` +
        'Use an instruction-tuned model, or give --raw, with which the problem is the prompt.',
    )
  }
  const { tokens, bosId, eosId, unknownId, padId } = vocabulary
  const ids = { bos_token: bosId, eos_token: eosId, unk_token: unknownId, pad_token: padId }
  const named = Object.entries(ids).flatMap(([name, id]) => (id === null ? [] : [[name, tokens[id]!]]))
  return compileChatTemplate(source, Object.fromEntries(named), templateArguments)
}
