import { InputError } from '../input-error.ts'
import { type AddedToken, findControlTokens, type RenderedPiece, renderInPieces } from './added-tokens.ts'
import type { ChatTemplate } from './chat-template.ts'
import { type ChatMessage, endOfTurn, type Tokenizer } from './tokenizer.ts'

/** What conversations need of a tokenizer. */
interface Conversing {
  /** For messages: where the template stands, and what to put another into. */
  templateName: string
  templateRemedy: string
  addedTokens: readonly AddedToken[]
  /** Throws InputError without a template. */
  compileTemplate(): ChatTemplate
  /** Id of an added token; null of another text. */
  idOf(content: string | null): number | null
  /** Ids of a rendered text in which control tokens that messages name are text. */
  encodePieces(pieces: readonly RenderedPiece[]): number[]
}

/** The part of a tokenizer that knows conversations: how its chat template writes them, and what that makes of the answer's end. */
export function createConversations({
  templateName,
  templateRemedy,
  addedTokens,
  compileTemplate,
  idOf,
  encodePieces,
}: Conversing): Pick<Tokenizer, 'renderChat' | 'encodeChat' | 'takesSystemMessage' | 'unreadArguments'> & {
  endOfTurnId(): number | null
} {
  const template = once(compileTemplate)
  const control = once(() => findControlTokens(addedTokens, template().written))

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
        `${templateName}: the chat template could not be rendered for the roles ${roles}: ${reasonOf(error)}. ` +
          `Leave out what it refuses, or ${templateRemedy}.`,
        { cause: error },
      )
    }
  }
  const renderChat = (messages: readonly ChatMessage[]) => textOf(renderPieces(messages))

  return {
    renderChat,
    encodeChat: messages => encodePieces(renderPieces(messages)),
    endOfTurnId() {
      const render = (messages: readonly ChatMessage[]) => template().render(messages, false)
      return idOf(
        endOfTurn(
          render,
          addedTokens.map(({ content }) => content),
        ),
      )
    },
    takesSystemMessage: once(() => takesSystemMessage(renderChat)),
    unreadArguments: () => template().unread,
  }
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
