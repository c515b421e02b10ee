import type { ChatMessage, Tokenizer } from '../generate/tokenizer.ts'
import { lastBoxed } from '../grade/boxed-answer.ts'
import type { WorkedExample } from './worked-examples.ts'

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
}

/** The settings for a model: without a system message where its chat template refuses one, or leaves it out. */
export function promptSettingsFor(
  settings: PromptSettings,
  tokenizer: Pick<Tokenizer, 'takesSystemMessage'>,
): PromptSettings {
  const [first] = promptMessages('', settings)
  if (first?.role !== 'system' || tokenizer.takesSystemMessage()) return settings
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
