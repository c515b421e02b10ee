import type { LanguageModel, Row } from '../model/language-model.ts'
import { type PromptToken, recordPromptToken } from '../record/prompt-token.ts'

/** What is known so far of a sequence's prompt: its tokens up to one; null where nobody wants to know. */
export type PromptProgress = PromptToken[] | null

/** A prompt, and whether it is wanted what the model says of its tokens. */
interface AskedPrompt {
  promptIds: readonly number[]
  scoresPrompt?: boolean
}

/** Text of one token; null without a tokenizer. */
interface TokenTexts {
  tokenText: ((id: number) => string) | null
}

/** A sequence in a slot, whose prompt may be wanted. */
interface Prompted {
  request: AskedPrompt
  slot: number
  prompt: PromptProgress
}

/** Begins with the first token of a prompt, of which no model says anything; null where the request does not want it. */
export function beginPrompt(
  { promptIds, scoresPrompt }: AskedPrompt,
  { tokenText }: TokenTexts,
): PromptProgress {
  const [first] = promptIds
  if (!scoresPrompt || first === undefined) return null
  return [recordPromptToken(first, null, tokenText?.(first) ?? null)]
}

/**
 * Takes in what the rows of the last step say of the prompts' tokens that follow them. What else asks the model for scores of that
 * step asks before. Where no prompt is wanted, or all are known, it asks the model nothing.
 */
export async function scorePrompts(
  model: Pick<LanguageModel, 'scoreKnown'>,
  rows: readonly Row[],
  sequences: readonly Prompted[],
  { tokenText }: TokenTexts,
): Promise<void> {
  const wanted = new Map(
    sequences.flatMap(({ slot, request: { promptIds }, prompt }) =>
      prompt && prompt.length < promptIds.length ? [[slot, { promptIds, prompt }] as const] : [],
    ),
  )
  if (wanted.size === 0) return
  const known = rows.flatMap(({ slot, position }, row) => {
    const { promptIds, prompt } = wanted.get(slot) ?? {}
    const id = promptIds?.[position + 1]
    return prompt && id !== undefined ? [{ row, id, prompt }] : []
  })
  if (known.length === 0) return
  const scores = await model.scoreKnown(known)
  for (const [index, { id, prompt }] of known.entries())
    prompt.push(recordPromptToken(id, scores[index]!, tokenText?.(id) ?? null))
}
