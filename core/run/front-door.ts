/** What both front doors have in common: names of `index.ts` and `index.page.ts` that need neither a disk nor a page. */
export {
  type Answer,
  type AnswerOptions,
  generate,
  type Model,
  type Prompt,
  type RoomOptions,
} from '../generate/answer.ts'
export { gradeAnswer, type Verdict } from '../grade/grade-answer.ts'
export { InputError } from '../input-error.ts'
export type { TokenRecord } from '../record/token.ts'
export type { Analysis } from '../study/analysis.ts'
export { type AnalyseOptions, analyse, type GradedAnswer } from './analyse-answers.ts'
export type { OpenedRun } from './open-run.ts'
