import type { ModelFiles } from '../files/weight-files.ts'
import { InputError } from '../input-error.ts'
import { findControlTokens, type RenderedPiece, renderInPieces } from './added-tokens.ts'
import { type ChatTemplate, compileChatTemplate } from './chat-template.ts'
import { createEncoder } from './encoder.ts'
import type { TemplateArguments } from './template-arguments.ts'
import { type ChatMessage, endOfTurn, type Tokenizer, type TokenizerEnds } from './tokenizer.ts'
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts'

/** Opens the tokenizer of a model, whose chat template gets the arguments. Throws InputError for what is none. */
export async function openTokenizer(
  modelFiles: ModelFiles,
  templateArguments: TemplateArguments = {},
): Promise<Tokenizer & TokenizerEnds> {
  const files = await readTokenizerFiles(modelFiles)
  const { encodePieces, ...encoder } = createEncoder(files)
  const template = once(() => compile(files, modelFiles.name, templateArguments))
  const control = once(() => findControlTokens(files.addedTokens, template().written))

  function renderPieces(messages: readonly ChatMessage[]): RenderedPiece[] {
    try {
      return renderInPieces(
        messages.map(({ content }) => content),
        control(),
        texts => template().render(messages.map((message, at) => ({ ...message, content: texts[at]! }))),
      )
    } catch (error) {
      if (error instanceof InputError) throw error
      const roles = [...new Set(messages.map(({ role }) => role))].join(', ')
      throw new InputError(
        `${modelFiles.name}/${files.templateName}: the chat template could not be rendered for the roles ${roles}: ${reasonOf(error)}. ` +
          'Leave out what it refuses, or put another template into chat_template.jinja.',
        { cause: error },
      )
    }
  }
  const renderChat = (messages: readonly ChatMessage[]) => textOf(renderPieces(messages))

  return {
    ...encoder,
    renderChat,
    encodeChat: messages => encodePieces(renderPieces(messages)),
    eosId: files.eosId,
    endOfTurnId() {
      const render = (messages: readonly ChatMessage[]) => template().render(messages, false)
      return encoder.idOf(
        endOfTurn(
          render,
          files.addedTokens.map(({ content }) => content),
        ),
      )
    },
    takesSystemMessage: once(() => takesSystemMessage(renderChat)),
    unreadArguments: () => template().unread,
  }
}

function compile(
  { chatTemplate, otherTemplates, namedTokens }: TokenizerFiles,
  folder: string,
  templateArguments: TemplateArguments,
): ChatTemplate {
  if (chatTemplate === null) {
    const found = otherTemplates.length > 0 ? `those named ${namesOf(otherTemplates)} and no default` : 'none'
    throw new InputError(
      `${folder}: tokenizer_config.json: expected a chat_template, found ${found}, nor a file chat_template.jinja beside it. ` +
        'Use an instruction-tuned model, put its template into chat_template.jinja, or ask without one: --raw takes the problem as the prompt.',
    )
  }
  return compileChatTemplate(chatTemplate, namedTokens, templateArguments)
}

/** Some names, of which a file may hold as many and as long ones as it likes. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(name => name.slice(0, 80))
  return names.length > shown.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ')
}

/** Whether a system message gets into the prompt: a template may refuse one, or leave it out. */
function takesSystemMessage(render: (messages: readonly ChatMessage[]) => string): boolean {
  const renderOrNull = (...system: ChatMessage[]) => {
    try {
      return render([...system, { role: 'user', content: 'Hello' }])
    } catch {
      return null
    }
  }
  const [one, other] = ['Be brief.', 'Take your time.'].map(content =>
    renderOrNull({ role: 'system', content }),
  )
  // Where nothing is rendered, it is not for the system message.
  return one === null ? renderOrNull() === null : one !== other
}

function textOf(pieces: RenderedPiece[]): string {
  return pieces.map(({ text }) => text).join('')
}

/** What a template threw, in words: its own may be as long as it likes. */
function reasonOf(error: unknown): string {
  const { message } = error as Error
  if (error instanceof RangeError) return 'it nests more deeply, or writes more, than can be held'
  return (message.length > 300 ? `${message.slice(0, 300)} …` : message).replace(/\.$/, '')
}

/** Makes something when it is first asked for; what could not be made is not tried again. */
function once<Value>(make: () => Value): () => Value {
  let made: (() => Value) | undefined
  return () => {
    if (!made)
      try {
        const value = make()
        made = () => value
      } catch (error) {
        made = () => {
          throw error
        }
      }
    return made()
  }
}
