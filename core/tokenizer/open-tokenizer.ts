import { Tokenizer as Library } from '@huggingface/tokenizers'
import type { ModelFiles } from '../formats/weight-files.ts'
import type { ChatMessage, Tokenizer } from '../generate/tokenizer.ts'
import { InputError } from '../input-error.ts'
import { createAddedTokenSplitter } from './added-tokens.ts'
import { type ChatTemplate, compileChatTemplate } from './chat-template.ts'
import { findControlTokens, type RenderedPiece, renderInPieces } from './control-tokens.ts'
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts'

/** The tokenizer of a model, with what a page needs beside it. */
export interface ModelTokenizer extends Tokenizer {
  /**
   * Ids of a prompt that was rendered before. Control tokens that the problem quotes are text, as they were when the run
   * encoded its conversation; those of worked examples are not told apart.
   */
  encodePrompt(prompt: string, problem: string): number[]
}

/** Opens the tokenizer of a model; `fewRequests` as for `readTokenizerFiles`. Throws InputError for what is none. */
export async function openTokenizer(modelFiles: ModelFiles, fewRequests = false): Promise<ModelTokenizer> {
  const files = await readTokenizerFiles(modelFiles, fewRequests)
  const { normalise, encodePlain, decode } = createEncoder(files)
  const split = createAddedTokenSplitter(files.addedTokens, normalise)
  const idOf = new Map(files.addedTokens.map(({ content, id }) => [content, id]))
  const encode = (text: string) =>
    split(text).flatMap((part, index) => (typeof part === 'number' ? part : encodePlain(part, index)))

  const template = once(() => compile(files, modelFiles.name))
  const control = once(() =>
    findControlTokens(files.addedTokens, text => files.chatTemplate !== null && template().writes(text)),
  )

  function encodeQuoted(name: string): number[] {
    const ids = encodePlain(normalise(name))
    // A vocabulary may lead to the very token by merges; not when the name comes in two parts.
    if (!ids.includes(idOf.get(name)!)) return ids
    const [first = '', ...rest] = name
    return [first, rest.join('')].flatMap(part => encodePlain(normalise(part)))
  }

  function encodePieces(pieces: RenderedPiece[]): number[] {
    return pieces.flatMap(({ text, isQuoted }) => (isQuoted ? encodeQuoted(text) : encode(text)))
  }

  function renderPieces(messages: readonly ChatMessage[]): RenderedPiece[] {
    try {
      return renderInPieces(
        messages.map(({ content }) => content),
        control(),
        texts => template().render(messages.map((message, at) => ({ ...message, content: texts[at]! }))),
      )
    } catch (error) {
      if (error instanceof InputError) throw error
      const roles = messages.map(({ role }) => role).join(', ')
      throw new InputError(
        `${modelFiles.name}: the chat template could not be rendered for the roles ${roles}: ${(error as Error).message.replace(/\.$/, '')}. ` +
          'Leave out what it refuses, or put another template into chat_template.jinja.',
        { cause: error },
      )
    }
  }

  return {
    encode,
    decode: ids => decode(ids, true),
    tokenText: id => decode([id], false),
    renderChat: messages => textOf(renderPieces(messages)),
    encodeChat: messages => encodePieces(renderPieces(messages)),
    takesSystemMessage: once(() => takesSystemMessage(messages => textOf(renderPieces(messages)))),
    encodePrompt(prompt, problem) {
      // A template may have trimmed it.
      const text = [problem, problem.trim()].find(text => text !== '' && prompt.includes(text))
      const render = ([marked]: readonly string[]) => (text ? prompt.replaceAll(text, () => marked!) : prompt)
      return encodePieces(renderInPieces([text ?? ''], control(), render))
    },
    vocabularySize: files.vocabularySize,
  }
}

/** What the library does: text without added tokens into ids, and ids into text. */
function createEncoder({ name, tokenizer, config }: TokenizerFiles) {
  let library: Library
  try {
    library = new Library(tokenizer, config)
  } catch (error) {
    throw new InputError(
      `${name}: this is no tokenizer that can be read: ${(error as Error).message}. Download the model's tokenizer again.`,
      { cause: error },
    )
  }
  const { normalizer, pre_tokenizer, model } = library
  return {
    normalise: (text: string) => (text === '' ? '' : (normalizer?.(text) ?? text)),
    /** `index`: which part of its text this is. */
    encodePlain(text: string, index = 0): number[] {
      const tokens: string[] = model!(pre_tokenizer?.(text, { section_index: index }) ?? [text])
      // Without a token for unknown text, none is made of it.
      return tokens.flatMap(token => model!.tokens_to_ids.get(token) ?? model!.unk_token_id ?? [])
    },
    decode: (ids: readonly number[], skipSpecialTokens: boolean) =>
      ids.length === 0
        ? ''
        : library.decode([...ids], {
            skip_special_tokens: skipSpecialTokens,
            // It drops spaces before punctuation, which the model did write.
            clean_up_tokenization_spaces: false,
          }),
  }
}

function compile(
  { chatTemplate, otherTemplates, namedTokens }: TokenizerFiles,
  folder: string,
): ChatTemplate {
  if (chatTemplate === null) {
    const found =
      otherTemplates.length > 0 ? `those named ${otherTemplates.join(', ')} and no default` : 'none'
    throw new InputError(
      `${folder}: tokenizer_config.json: expected a chat_template, found ${found}, nor a file chat_template.jinja beside it. ` +
        'Use an instruction-tuned model, or put its template into chat_template.jinja.',
    )
  }
  return compileChatTemplate(chatTemplate, namedTokens)
}

/** Whether a system message gets into the prompt: a template may refuse one, or leave it out. */
function takesSystemMessage(render: (messages: readonly ChatMessage[]) => string): boolean {
  const [system, user]: ChatMessage[] = [
    { role: 'system', content: 'Answer in one word.' },
    { role: 'user', content: 'Hello' },
  ]
  const renderOrNull = (...messages: ChatMessage[]) => {
    try {
      return render(messages)
    } catch {
      return null
    }
  }
  return renderOrNull(system!, user!)?.includes(system!.content) ?? renderOrNull(user!) === null
}

function textOf(pieces: RenderedPiece[]): string {
  return pieces.map(({ text }) => text).join('')
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}
