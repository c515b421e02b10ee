import type { Algebra } from './algebra.ts'
import { lastBoxed, type SeveralBoxes } from './boxed-answer.ts'
import { compareAnswers } from './compare-answers.ts'
import { extractAnswer } from './extract-answer.ts'
import { singleBackslashes, trimSpacing } from './math-segments.ts'

/** What grading found. */
export interface Verdict {
  /** The answer as the text gives it; null without one. */
  extracted: string | null
  equal: boolean
  /** The rule that found the answer and the rule that compared it: "boxed, equal as rationals". */
  rule: string
}

/** A longer text is no model's answer, and is not read. */
const maximumTextLength = 1_000_000

/**
 * Finds the answer in a text and compares it with the expected one, value by value. Without an answer or without an expected
 * answer the verdict is never equal. The verdict is a promise only if the algebra has to be asked; without an algebra what exact
 * rules leave open is unequal. Of several boxes side by side all count, or the last alone. Nothing is evaluated as code.
 */
export function gradeAnswer(
  answerText: string,
  expectedAnswer: string,
  algebra: Algebra | null,
  severalBoxes: SeveralBoxes = 'all',
): Verdict | Promise<Verdict> {
  const longest = Math.max(answerText.length, expectedAnswer.length)
  if (longest > maximumTextLength) {
    return { extracted: null, equal: false, rule: `not read, having ${longest} characters` }
  }
  const found = extractAnswer(answerText, severalBoxes)
  if (found === null) return { extracted: null, equal: false, rule: 'no answer found' }
  const { answer, rule } = found
  const expected = referenceAnswer(expectedAnswer, severalBoxes)
  if (expected === '') return { extracted: answer, equal: false, rule: `${rule}, no expected answer` }
  const verdict = ({ equal, by }: { equal: boolean; by: string }): Verdict => {
    return { extracted: answer, equal, rule: `${rule}, ${equal ? 'equal' : 'unequal'} ${by}` }
  }
  const comparison = compareAnswers(answer, expected, algebra)
  return comparison instanceof Promise ? comparison.then(verdict) : verdict(comparison)
}

/** The answer that a reference names: what it boxes last, in one box or several, what follows its last `####`, else the whole of it. */
export function referenceAnswer(reference: string, severalBoxes: SeveralBoxes = 'all'): string {
  const text = singleBackslashes(reference)
  const marker = text.lastIndexOf('####')
  return trimSpacing(
    lastBoxed(text, severalBoxes) ?? (marker === -1 ? text : text.slice(marker + '####'.length)),
  )
}
