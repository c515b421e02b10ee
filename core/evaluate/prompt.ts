import type { ChatMessage } from '../generate/tokenizer.ts'

/**
 * The conversation that asks a problem: a system prompt if there is one, then the problem as it stands.
 * Without one the chat template decides: Qwen2.5's writes its own default.
 */
export function promptMessages(problem: string, systemPrompt?: string): ChatMessage[] {
  const question: ChatMessage = { role: 'user', content: problem }
  return systemPrompt === undefined ? [question] : [{ role: 'system', content: systemPrompt }, question]
}
