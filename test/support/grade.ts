import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import { openAlgebra } from '../../node-runner/grading/open-algebra.ts'

const algebra = openAlgebra()

/** The verdict on an answer, by all rules there are. */
export async function grade(answer: string, expected: string): Promise<Verdict> {
  return gradeAnswer(answer, expected, algebra)
}

/** Ends what grading started. */
export const closeGrader = () => algebra.close()
