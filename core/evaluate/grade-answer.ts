import { lastBoxed } from './boxed-answer.ts'
import { cleanAnswer } from './clean-answer.ts'
import { extractAnswer, maximumAnswerLength } from './extract-answer.ts'
import { normaliseAnswerText } from './normalise-answer-text.ts'
import { equalQuantities, parseQuantity } from './quantity.ts'

/** What grading found. */
export interface Verdict {
  /** The answer as the text gives it; null without one. */
  extracted: string | null
  equal: boolean
  /** The rule that found the answer and the rule that compared it: "boxed, equal as rationals". */
  rule: string
}

/**
 * Finds the answer in a text and compares it with the expected one: as exact numbers if both are numbers, else as text
 * in one notation. Without an answer or without an expected answer the verdict is never equal. Nothing is evaluated.
 */
export function gradeAnswer(answerText: string, expectedAnswer: string): Verdict {
  const found = extractAnswer(answerText)
  if (found === null) return { extracted: null, equal: false, rule: 'no answer found' }
  const { answer, rule } = found
  const expected = referenceAnswer(expectedAnswer)
  if (expected === '') return { extracted: answer, equal: false, rule: `${rule}, no expected answer` }
  const { equal, by } = compareAnswers(answer, expected)
  return { extracted: answer, equal, rule: `${rule}, ${equal ? 'equal' : 'unequal'} as ${by}` }
}

/** The answer that a reference names: in its last `\boxed{}`, after its last `####`, else the whole of it. */
export function referenceAnswer(reference: string): string {
  const marker = reference.lastIndexOf('####')
  return (
    lastBoxed(reference) ?? (marker === -1 ? reference : reference.slice(marker + '####'.length))
  ).trim()
}

function compareAnswers(answer: string, expected: string): { equal: boolean; by: 'rationals' | 'text' } {
  if (answer.length > maximumAnswerLength || expected.length > maximumAnswerLength) {
    return { equal: answer === expected, by: 'text' }
  }
  const [cleanedAnswer, cleanedExpected] = [cleanAnswer(answer), cleanAnswer(expected)]
  const [quantity, expectedQuantity] = [parseQuantity(cleanedAnswer), parseQuantity(cleanedExpected)]
  if (quantity !== null && expectedQuantity !== null) {
    return { equal: equalQuantities(quantity, expectedQuantity), by: 'rationals' }
  }
  const text = normaliseAnswerText(cleanedAnswer)
  return { equal: text !== '' && text === normaliseAnswerText(cleanedExpected), by: 'text' }
}
