import { promptMessages } from '../../core/evaluate/prompt.ts'
import type { ModelConfig } from '../../core/model/config.ts'

/** Problems of the kind that evaluations ask. */
const problems = [
  'Tom has 14 apples and buys 9 more. How many apples does he have?',
  'A box holds 6 rows of 8 eggs. How many eggs does it hold?',
  'Compute 37 + 58 - 12.',
]

/** Tokens of a prompt without a tokenizer. */
const idsOfPrompt = 12

/** The model's own encoding of a few problems; where it has no tokenizer, ids spread over its vocabulary. */
export async function acceptancePrompts(folder: string, config: ModelConfig): Promise<number[][]> {
  const { hasTokenizer, loadTokenizer } = await import('../tokenizer/load-tokenizer.ts')
  if (!hasTokenizer(folder)) return problems.map((_, index) => promptOfIds(config, index))
  const tokenizer = await loadTokenizer(folder)
  return problems.map(problem => tokenizer.encodeChat(promptMessages(problem)))
}

/** A prompt of ids, another for every index. */
export function promptOfIds({ vocabSize }: ModelConfig, index: number): number[] {
  return Array.from({ length: idsOfPrompt }, (_, at) => ((index * idsOfPrompt + at + 1) * 7919) % vocabSize)
}
