import { gradeWithOption } from '../../core/evaluate/right-options.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import type { GradingRules } from '../../core/grade/grading-rules.ts'

/**
 * Samples with the verdicts of this version by some rules, whatever verdicts they were recorded with. What is handed on may be read
 * several times, and is graded once.
 */
export function gradeAll(
  samples: () => Iterable<SampleRecord>,
  rules: GradingRules,
): () => Iterable<SampleRecord> {
  const verdicts: Verdict[] = []
  return function* () {
    let place = 0
    for (const sample of samples()) {
      const { finishReason, generatedText, expectedAnswer, metadata } = sample
      if (finishReason === 'error') yield sample
      else {
        const { expectedOption } = metadata
        const expected = { expectedAnswer, ...(typeof expectedOption === 'string' && { expectedOption }) }
        verdicts[place] ??= gradeWithOption(expected, answer => gradeAnswer(generatedText, answer, rules))
        const { extracted, equal, rule } = verdicts[place]!
        yield { ...sample, extractedAnswer: extracted, correct: equal, rule }
      }
      place++
    }
  }
}
