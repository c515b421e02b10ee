import type { TokenColumns } from '../../core/formats/run-columns.ts'

/** What tells whether tokens of several answers are equal. */
export interface TokenKeys {
  /** For each answer, a number for each token: the same for equal tokens. */
  keys: Int32Array[]
  /** Whether ids mean the same token in all answers, so that likely alternatives can be compared too. */
  hasSharedIds: boolean
}

// A token that holds a part of a character: other tokens show the same.
const replacement = '\uFFFD'

/**
 * Keys of the tokens of answers. In one run, and where nothing says that they come from different vocabularies, a token is
 * its id; else it is its text, and one that holds a part of a character, or has no text, equals none of another answer.
 */
export function tokenKeys(answers: readonly TokenColumns[], isOneRun: boolean): TokenKeys {
  const hasSharedIds = isOneRun || haveOneVocabulary(answers)
  if (hasSharedIds) return { keys: answers.map(({ tokenId }) => Int32Array.from(tokenId)), hasSharedIds }
  const numbers = new Map<string, number>()
  const keys = answers.map(({ tokenId, tokenText }, answer) =>
    Int32Array.from(tokenId, (id, token) => {
      const text = tokenText[token]
      const isWhole = text && !text.includes(replacement)
      const name = isWhole ? `text ${text}` : `answer ${answer} id ${id}`
      const number = numbers.get(name) ?? numbers.size
      numbers.set(name, number)
      return number
    }),
  )
  return { keys, hasSharedIds }
}

/** Whether no id has two texts, and no text that is whole two ids. */
function haveOneVocabulary(answers: readonly TokenColumns[]): boolean {
  const textOfId = new Map<number, string>()
  const idOfText = new Map<string, number>()
  for (const { tokenId, tokenText } of answers)
    for (let token = 0; token < tokenId.length; token++) {
      const [id, text] = [tokenId[token]!, tokenText[token]]
      if (!text) continue
      if ((textOfId.get(id) ?? text) !== text) return false
      textOfId.set(id, text)
      if (text.includes(replacement)) continue
      if ((idOfText.get(text) ?? id) !== id) return false
      idOfText.set(text, id)
    }
  return true
}
