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

/**
 * Sorts the answers to each problem into classes, sample by sample: all right ones are one, all samples without an answer another,
 * and other answers join the first class whose first answer they equal by the rules of the run.
 */
export function createAnswerClassCollector(rules: GradingRules) {
  const classes: number[] = []
  /** Of each problem the classes by what their first sample had: a right answer (`true`), none (`null`), or another. */
  const problems = new Map<number, Map<true | null | string, number>>()

  function add(sample: Pick<SampleRecord, 'problemIndex' | 'correct' | 'extractedAnswer'>): void {
    const known = problems.get(sample.problemIndex) ?? new Map<true | null | string, number>()
    problems.set(sample.problemIndex, known)
    const kind = sample.correct || sample.extractedAnswer
    const isSame = (first: true | null | string) =>
      typeof first === 'string' && typeof kind === 'string' && compareAnswers(kind, first, rules).equal
    const first = [...known.keys()].find(first => first === kind || isSame(first))
    const id = first === undefined ? known.size : known.get(first)!
    if (first === undefined) known.set(kind, id)
    classes.push(id)
  }

  return {
    /** For each sample, in the order added, the class of its answer among those to its problem. */
    classes: classes as ArrayLike<number>,
    add,
  }
}
