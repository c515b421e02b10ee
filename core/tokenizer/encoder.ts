import { Tokenizer as Library } from '@huggingface/tokenizers'
import { InputError } from '../input-error.ts'
import { createAddedTokenSplitter, type RenderedPiece } from './added-tokens.ts'
import { openSteps, TextAllowance } from './bounded-steps.ts'
import type { Tokenizer } from './tokenizer.ts'
import type { TokenizerFiles } from './tokenizer-files.ts'

/** What a token is taken for in the bounds of a text that is made of tokens; few have as many. */
const charactersPerToken = 100

/** The part of a tokenizer that knows no conversations. */
export interface Encoder
  extends Pick<Tokenizer, 'encode' | 'encodeRaw' | 'decode' | 'tokenText' | 'vocabularySize'> {
  /** Id of an added token; null of another text. */
  idOf(content: string | null): number | null
  /** Ids of a rendered text in which control tokens that messages name are text. */
  encodePieces(pieces: readonly RenderedPiece[]): number[]
}

/**
 * Makes ids of text and text of ids. What is between added tokens is @huggingface/tokenizers' work; it is given no added
 * tokens to find, since it does so otherwise than Hugging Face's own. Throws InputError for files that it cannot read.
 */
export function createEncoder(files: TokenizerFiles): Encoder {
  const { model, normalizer, preTokenizer, allowance, library } = openLibrary(files)
  const idOf = new Map(files.addedTokens.map(({ content, id }) => [content, id]))
  const normalise = (text: string) => (text === '' ? '' : (normalizer?.(text) ?? text))
  allowance.begin(files.addedTokens.reduce((sum, { content }) => sum + content.length, 0))
  const split = createAddedTokenSplitter(files.addedTokens, normalise)

  /** Ids of normalised text without added tokens, the `index`th part of its whole. */
  function encodePlain(text: string, index = 0): number[] {
    const tokens: string[] = model!(preTokenizer?.(text, { section_index: index }) ?? [text])
    // Without a token for unknown text, none is made of it.
    return tokens.flatMap(token => model!.tokens_to_ids.get(token) ?? model!.unk_token_id ?? [])
  }

  function encode(text: string): number[] {
    allowance.begin(text.length)
    return split(text).flatMap((part, index) => (typeof part === 'number' ? part : encodePlain(part, index)))
  }

  function encodeQuoted(name: string): number[] {
    allowance.begin(name.length)
    const ids = encodePlain(normalise(name))
    // A vocabulary may lead to the very token by merges; not when the name comes in two parts.
    if (!ids.includes(idOf.get(name)!)) return ids
    const [first = '', ...rest] = name
    return [first, rest.join('')].flatMap(part => encodePlain(normalise(part)))
  }

  function decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    if (ids.length === 0) return ''
    allowance.begin(ids.length * charactersPerToken)
    // Clean-up drops spaces before punctuation, which the model did write.
    return library.decode([...ids], {
      skip_special_tokens: skipSpecialTokens,
      clean_up_tokenization_spaces: false,
    })
  }

  function tokenText(id: number): string {
    const text = decode([id], false)
    // A decoder may leave out a space before the first token: behind itself it has it.
    return decode([id, id], false) === `${text} ${text}` ? ` ${text}` : text
  }

  return {
    encode: refusing(files.name, encode),
    encodeRaw: refusing(files.name, text => [...files.beginning, ...encode(text)]),
    idOf: content => idOf.get(content ?? '') ?? null,
    encodePieces: refusing(files.name, pieces =>
      pieces.flatMap(({ text, isQuoted }) => (isQuoted ? encodeQuoted(text) : encode(text))),
    ),
    decode: refusing(files.name, ids => decode(ids, true)),
    tokenText: refusing(files.name, tokenText),
    vocabularySize: files.vocabularySize,
  }
}

/** The same work, in which an error of the library is one of the files: of what they hold it looks at little before it needs it. */
function refusing<Input, Output>(name: string, work: (input: Input) => Output): (input: Input) => Output {
  return input => {
    try {
      return work(input)
    } catch (error) {
      throw asInputError(name, error)
    }
  }
}

function asInputError(name: string, error: unknown): InputError {
  if (error instanceof InputError) return error
  return new InputError(
    `${name}: this is no tokenizer that can be read: ${(error as Error).message.slice(0, 300)}. Download the model's tokenizer again.`,
    { cause: error },
  )
}

function openLibrary({ name, tokenizer, config }: TokenizerFiles) {
  const allowance = new TextAllowance(name)
  try {
    const library = new Library(
      { ...tokenizer, normalizer: null, pre_tokenizer: null, post_processor: null } as object,
      config,
    )
    const steps = openSteps(name, tokenizer, library.decoder, allowance)
    return { ...steps, library, model: library.model, allowance }
  } catch (error) {
    throw asInputError(name, error)
  }
}
