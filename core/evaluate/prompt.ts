import { lastBoxed } from '../grade/boxed-answer.ts'
import type { ChatMessage, Tokenizer } from '../tokenizer/tokenizer.ts'
import type { WorkedExample } from './problem.ts'

/** What each style asks for beside the problem; null: nothing. */
const instructions = {
  plain: null,
  boxed: 'Solve the problem step by step, and put your final answer within \\boxed{}.',
  hashes: 'Solve the problem step by step, and write your final answer alone on the last line, after ####.',
} as const

/** How a problem is asked. */
export type PromptStyle = keyof typeof instructions

/** The names of all styles. */
export const promptStyles = Object.keys(instructions) as PromptStyle[]

/** What surrounds a problem. */
export interface PromptSettings {
  style?: PromptStyle
  /** Without one the chat template decides: Qwen2.5's writes its own default. */
  systemPrompt?: string | undefined
  /** Problems with their solutions, shown before as if they had been asked and answered. */
  examples?: readonly WorkedExample[]
  /** Whether what would be the system message stands at the start of the first user message. */
  systemInUserMessage?: boolean
  /** Whether the problem is the whole prompt, in no chat template: no style and no system message then. */
  raw?: boolean
}

/** The settings for a model: without a system message where its chat template refuses one, or leaves it out. */
export function promptSettingsFor(
  settings: PromptSettings,
  tokenizer: Pick<Tokenizer, 'takesSystemMessage'>,
): PromptSettings {
  const [first] = promptMessages('', settings)
  if (settings.raw || first?.role !== 'system' || tokenizer.takesSystemMessage()) return settings
  return { ...settings, systemInUserMessage: true }
}

/** What to tell of such settings; null where there is nothing to tell. */
export function describePlacement({ systemInUserMessage }: PromptSettings): string | null {
  return systemInUserMessage
    ? "the model's chat template takes no system message: its text stands at the start of the first user message"
    : null
}

/**
 * The conversation that asks a problem: a system message if there is one, the examples, the problem as it stands. A
 * style's instruction is the system message; where another one is given, it follows each problem.
 */
export function promptMessages(
  problem: string,
  { style = 'plain', systemPrompt, examples = [], systemInUserMessage = false }: PromptSettings = {},
): ChatMessage[] {
  const instruction = instructions[style]
  const system = systemPrompt ?? instruction
  const ask = (text: string): ChatMessage => ({
    role: 'user',
    content: systemPrompt === undefined || instruction === null ? text : `${text}\n${instruction}`,
  })
  const [first, ...others] = [
    ...examples.flatMap((example): ChatMessage[] => [
      ask(example.problem),
      { role: 'assistant', content: solutionIn(style, example) },
    ]),
    ask(problem),
  ]
  if (system === null) return [first!, ...others]
  if (!systemInUserMessage) return [{ role: 'system', content: system }, first!, ...others]
  return [{ ...first!, content: `${system}\n\n${first!.content}` }, ...others]
}

/** What a model is given: the text of a prompt, and its ids. */
export function promptOf(
  problem: string,
  settings: PromptSettings,
  tokenizer: Pick<Tokenizer, 'renderChat' | 'encodeChat' | 'encodeRaw'>,
): { prompt: string; promptIds: number[] } {
  if (settings.raw) {
    const prompt = rawPrompt(problem, settings)
    return { prompt, promptIds: tokenizer.encodeRaw(prompt) }
  }
  const messages = promptMessages(problem, settings)
  return { prompt: tokenizer.renderChat(messages), promptIds: tokenizer.encodeChat(messages) }
}

/** The problem as it stands; behind examples, if there are any, each with its solution on the next line and an empty line after it. */
function rawPrompt(problem: string, { examples = [] }: PromptSettings): string {
  const solved = examples.map(example => `${example.problem}\n${solutionIn('plain', example)}`)
  return [...solved, problem].join('\n\n')
}

/** A solution that ends as the style asks. */
function solutionIn(style: PromptStyle, { solution, answer }: WorkedExample): string {
  if (style === 'boxed' && lastBoxed(solution) === null)
    return `${withoutHashes(solution)}\nThe final answer is \\boxed{${answer}}.`
  if (style === 'hashes' && !solution.includes('####')) return `${solution}\n#### ${answer}`
  return solution
}

function withoutHashes(solution: string): string {
  const marker = solution.lastIndexOf('####')
  return (marker === -1 ? solution : solution.slice(0, marker)).trimEnd()
}

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
