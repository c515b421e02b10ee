import type { ChatMessage } from '../generate/tokenizer.ts'
import { type PromptSettings, promptMessages } from './prompt.ts'

/** How a kind of chat template opens and ends a turn. */
interface TurnMarks {
  /** Before the first turn. */
  begin: RegExp
  /** Opens a turn; its group is the role. */
  open: RegExp
  /** At the end of a turn. */
  end: RegExp
  /** Whether the system message stands before the first turn, without an opening of its own. */
  systemLeads: boolean
}

/** ChatML as Qwen has it, Llama 3's, and that of DeepSeek's distilled models. */
const knownMarks: readonly TurnMarks[] = [
  { begin: /^<\|endoftext\|>/, open: /<\|im_start\|>(\w+)\n/, end: /<\|im_end\|>\n?$/, systemLeads: false },
  {
    begin: /^<\|begin_of_text\|>/,
    open: /<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n/,
    end: /<\|eot_id\|>$/,
    systemLeads: false,
  },
  {
    begin: /^<｜begin▁of▁sentence｜>/,
    open: /<｜(\w+)｜>/,
    end: /<｜end▁of▁sentence｜>$/,
    systemLeads: true,
  },
]

/** What is recorded of how a problem was asked. */
export interface AskedProblem {
  problem: string
  /** The rendered prompt. */
  prompt: string
}

/**
 * The conversation that a recorded prompt was rendered from, with the system message that the chat template adds and with worked
 * examples, neither of which is recorded elsewhere. Where the prompt's turns cannot be told: the conversation that the
 * settings make or, with `fewShot` examples, the prompt as a single message.
 */
export function askedMessages(
  { problem, prompt }: AskedProblem,
  settings: Omit<PromptSettings, 'examples'>,
  fewShot: number,
): ChatMessage[] {
  const made = promptMessages(problem, settings)
  for (const marks of knownMarks) {
    const messages = readTurns(prompt, marks)
    if (
      isConversation(messages, problem, fewShot) &&
      (made[0]!.role !== 'system' || messages[0]!.role === 'system')
    )
      return messages
  }
  return fewShot === 0 ? made : [{ role: 'user', content: prompt }]
}

function readTurns(prompt: string, { begin, open, end, systemLeads }: TurnMarks): ChatMessage[] {
  const [lead = '', ...parts] = prompt.replace(begin, '').split(open)
  if (lead !== '' && !systemLeads) return []
  const messages: ChatMessage[] = lead === '' ? [] : [{ role: 'system', content: lead }]
  for (let at = 0; at + 1 < parts.length; at += 2)
    messages.push({
      role: parts[at]!.toLowerCase() as ChatMessage['role'],
      content: parts[at + 1]!.replace(end, ''),
    })
  // The answer's turn, which the model goes on with.
  if (messages.at(-1)?.role === 'assistant') messages.pop()
  return messages
}

/** Whether it is what such a prompt holds: a problem's text may contain what opens a turn. */
function isConversation(messages: readonly ChatMessage[], problem: string, fewShot: number): boolean {
  const turns = messages[0]?.role === 'system' ? messages.slice(1) : messages
  return (
    turns.length === 2 * fewShot + 1 &&
    turns.every(({ role }, index) => role === (index % 2 === 0 ? 'user' : 'assistant')) &&
    turns.at(-1)!.content.includes(problem.trim())
  )
}
