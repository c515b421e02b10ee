import type { ChatMessage } from './tokenizer.ts'

/** What encoding a conversation takes. */
export interface ChatEncoding {
  /** Id of every special token by its text. */
  specialIds: ReadonlyMap<string, number>
  /** Renders the chat template. */
  render(messages: readonly ChatMessage[]): string
  /** Encodes text in which special tokens count. */
  encode(text: string): number[]
  /** Encodes text in which the text of a special token is text like any other. */
  encodePlain(text: string): number[]
}

/**
 * Ids of a conversation. Special tokens that a message quotes stay text: a mark is put into each before the template
 * is rendered, which tells them from those that the template writes, and is taken out again before encoding.
 */
export function encodeChat(messages: readonly ChatMessage[], encoding: ChatEncoding): number[] {
  const { specialIds, render, encode, encodePlain } = encoding
  const names = [...specialIds.keys()].sort((a, b) => b.length - a.length)
  const special = new RegExp(
    `(${names.map(name => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
    'u',
  )
  const texts = messages.map(message => message.content)
  if (names.length === 0 || !texts.some(text => special.test(text))) return encode(render(messages))

  const mark = unusedCharacter([...texts, render(messages)])
  const marked = messages.map(message => ({
    ...message,
    content: message.content.replaceAll(new RegExp(special, 'gu'), name => name[0] + mark + name.slice(1)),
  }))
  return render(marked)
    .split(special)
    .filter(part => part !== '')
    .flatMap(part => specialIds.get(part) ?? encodePlain(part.replaceAll(mark, '')))
}

/** A private-use character that none of the texts contains. */
function unusedCharacter(texts: string[]): string {
  let code = 0xe000
  while (texts.some(text => text.includes(String.fromCodePoint(code)))) code++
  return String.fromCodePoint(code)
}
