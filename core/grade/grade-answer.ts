import type { Algebra } from './algebra.ts'
import { lastBoxed } from './boxed-answer.ts'
import { type Comparison, compareAnswers } from './compare-answers.ts'
import { extractAnswer } from './extract-answer.ts'
import { defaultGradingRules, type GradingRules } from './grading-rules.ts'

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
 * rules leave open is unequal. Nothing is evaluated as code.
 */
export function gradeAnswer(
  answerText: string,
  expectedAnswer: string,
  algebra: Algebra | null,
  rules: GradingRules = defaultGradingRules,
): Verdict | Promise<Verdict> {
  const longest = Math.max(answerText.length, expectedAnswer.length)
  if (longest > maximumTextLength) {
    return { extracted: null, equal: false, rule: `not read, having ${longest} characters` }
  }
  const found = extractAnswer(answerText)
  if (found === null) return { extracted: null, equal: false, rule: 'no answer found' }
  const { answer, rule } = found
  const expected = referenceAnswer(expectedAnswer)
  if (expected === '') return { extracted: answer, equal: false, rule: `${rule}, no expected answer` }
  const verdict = ({ equal, by }: Comparison): Verdict => {
    return { extracted: answer, equal, rule: `${rule}, ${equal ? 'equal' : 'unequal'} ${by}` }
  }
  const comparison = compareAnswers(answer, expected, algebra, rules)
  return comparison instanceof Promise ? comparison.then(verdict) : verdict(comparison)
}

/** The answer that a reference names: in its last `\boxed{}`, after its last `####`, else the whole of it. */
export function referenceAnswer(reference: string): string {
  const marker = reference.lastIndexOf('####')
  return (
    lastBoxed(reference) ?? (marker === -1 ? reference : reference.slice(marker + '####'.length))
  ).trim()
}
