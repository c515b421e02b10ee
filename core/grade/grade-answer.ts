import type { SampleRecord } from '../record/sample.ts'
import { lastBoxed, type SeveralBoxes } from './boxed-answer.ts'
import { compareAnswers } from './compare-answers.ts'
import { extractAnswer } from './extract-answer.ts'
import { defaultGradingRules, type GradingRules } from './grading-rules.ts'
import { singleBackslashes, trimSpacing } from './latex-text.ts'

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
 * answer the verdict is never equal. Nothing is evaluated as code, and no text takes long.
 */
export function gradeAnswer(
  answerText: string,
  expectedAnswer: string,
  rules: GradingRules = defaultGradingRules,
): Verdict {
  const longest = Math.max(answerText.length, expectedAnswer.length)
  if (longest > maximumTextLength) {
    return { extracted: null, equal: false, rule: `not read, having ${longest} characters` }
  }
  const found = extractAnswer(answerText, rules.severalBoxes)
  if (found === null) return { extracted: null, equal: false, rule: 'no answer found' }
  const { answer, rule } = found
  const expected = referenceAnswer(expectedAnswer, rules.severalBoxes)
  if (expected === '') return { extracted: answer, equal: false, rule: `${rule}, no expected answer` }
  const { equal, by } = compareAnswers(answer, expected, rules)
  return { extracted: answer, equal, rule: `${rule}, ${equal ? 'equal' : 'unequal'} ${by}` }
}

/** The answer that a reference names: what it boxes last, in one box or several, what follows its last `####`, else the whole of it. */
export function referenceAnswer(reference: string, severalBoxes: SeveralBoxes = 'all'): string {
  const text = singleBackslashes(reference)
  const marker = text.lastIndexOf('####')
  return trimSpacing(
    lastBoxed(text, severalBoxes) ?? (marker === -1 ? text : text.slice(marker + '####'.length)),
  )
}

/** Classes of equivalent answers that grow sample by sample. */
export interface AnswerClassCollector {
  add(sample: Pick<SampleRecord, 'problemIndex' | 'correct' | 'extractedAnswer'>): void
  /** For each sample, in the order added, the class of its answer among those to its problem. */
  readonly classes: ArrayLike<number>
}

interface ProblemClasses {
  count: number
  /** Of right answers, which are equal to the expected one and so to each other; of samples without an answer. */
  right: number | null
  none: number | null
  /** The first answer of every other class. */
  others: { answer: string; id: number }[]
}

/**
 * Sorts the answers to each problem into classes: all right ones are one, all samples without an answer another, and other
 * answers join the first class whose first answer they equal by the rules of the run.
 */
export function createAnswerClassCollector(rules: GradingRules): AnswerClassCollector {
  const classes: number[] = []
  const problems = new Map<number, ProblemClasses>()
  return {
    classes,
    add({ problemIndex, correct, extractedAnswer }) {
      let known = problems.get(problemIndex)
      if (!known) {
        known = { count: 0, right: null, none: null, others: [] }
        problems.set(problemIndex, known)
      }
      classes.push(classOf(known, correct, extractedAnswer, rules))
    },
  }
}

function classOf(
  known: ProblemClasses,
  correct: boolean,
  answer: string | null,
  rules: GradingRules,
): number {
  if (correct) return (known.right ??= known.count++)
  if (answer === null) return (known.none ??= known.count++)
  const same = known.others.find(({ answer: other }) => other === answer || areEqual(answer, other, rules))
  if (same) return same.id
  const id = known.count++
  known.others.push({ answer, id })
  return id
}

function areEqual(answer: string, first: string, rules: GradingRules): boolean {
  return compareAnswers(answer, first, rules).equal
}
