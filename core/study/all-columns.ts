import { createAnswerClassCollector } from '../grade/grade-answer.ts'
import type { GradingRules } from '../grade/grading-rules.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { SampleRecord } from '../record/sample.ts'
import { columnsOf } from './columns.ts'
import { addAnswerScores } from './scores/answer-scores.ts'

/**
 * The columns of a run's samples, which are read once, in the order of the data set: their own scores, and where problems
 * have several answers the scores of these together, whose classes follow the rules by which the samples were graded.
 * A file of its own, since it brings the grader: what shows a run asks for the scores of its samples alone.
 */
export function allColumnsOf(samples: Iterable<SampleRecord>, rules: GradingRules): RunColumns {
  const classes = createAnswerClassCollector(rules)
  const passSamplesOn = function* () {
    for (const sample of samples) {
      classes.add(sample)
      yield sample
    }
  }
  const columns = columnsOf(passSamplesOn())
  addAnswerScores(columns, classes.classes)
  return columns
}
