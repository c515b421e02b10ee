import type { SampleRecord } from '../formats/sample-record.ts'
import { compareAnswers } from './compare-answers.ts'
import type { GradingRules } from './grading-rules.ts'

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
