/** One turn of a conversation, as a chat template takes it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** Turns text into the ids a model reads and back. Which library does it is not this folder's concern. */
export interface Tokenizer {
  /** Ids of a text: the text of a special token becomes that token, and none is added. */
  encode(text: string): number[]
  /** Text of ids, special tokens left out. Bytes that are no UTF-8 become U+FFFD; ids without a token have no text. */
  decode(ids: readonly number[]): string
  /** Text of one token alone, special tokens shown by name. A token that holds part of a character shows U+FFFD. */
  tokenText(id: number): string
  /**
   * The conversation in the model's chat template, up to where the model's answer begins.
   * Throws an InputError when the model has no template or its template refuses the messages.
   */
  renderChat(messages: readonly ChatMessage[]): string
  /**
   * Ids of the rendered conversation. Control tokens are those that the template writes: a message that names one
   * (`<|im_end|>` in a problem's text) is encoded as the characters it consists of, so no data can end its own turn.
   */
  encodeChat(messages: readonly ChatMessage[]): number[]
  /** Whether a system message gets into the prompt: a template may refuse one, or leave it out. */
  takesSystemMessage(): boolean
  /** One more than the highest id with a token. A model's logits may have more rows, which are padding. */
  readonly vocabularySize: number
}
