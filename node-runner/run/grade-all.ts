import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import type { GradingRules } from '../../core/grade/grading-rules.ts'
import { openAlgebra } from '../grading/open-algebra.ts'

/**
 * Samples with the verdicts of this version by some rules, whatever verdicts they were recorded with. Reads them twice: to grade
 * them, which may wait for the algebra, and to hand them on.
 */
export async function gradeAll(
  samples: () => Iterable<SampleRecord>,
  rules: GradingRules,
): Promise<() => Iterable<SampleRecord>> {
  const algebra = openAlgebra()
  try {
    const verdicts: (Verdict | null)[] = []
    for (const { finishReason, generatedText, expectedAnswer } of samples()) {
      const verdict =
        finishReason === 'error' ? null : gradeAnswer(generatedText, expectedAnswer, algebra, rules)
      verdicts.push(verdict instanceof Promise ? await verdict : verdict)
    }
    return () => withVerdicts(samples(), verdicts)
  } finally {
    await algebra.close()
  }
}

function* withVerdicts(
  samples: Iterable<SampleRecord>,
  verdicts: (Verdict | null)[],
): Generator<SampleRecord> {
  let place = 0
  for (const sample of samples) {
    const verdict = verdicts[place++]
    if (!verdict) yield sample
    else yield { ...sample, extractedAnswer: verdict.extracted, correct: verdict.equal, rule: verdict.rule }
  }
}
