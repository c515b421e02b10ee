import type { Answer } from '../generate/answer.ts'
import type { Verdict } from '../grade/grade-answer.ts'
import { defaultGradingRules, type GradingRules } from '../grade/grading-rules.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { SampleRecord } from '../record/sample.ts'
import { analyseRun } from '../report/record-study.ts'
import { allColumnsOf } from '../study/all-columns.ts'
import type { StudySettings } from '../study/analyse-run.ts'
import type { Analysis } from '../study/analysis.ts'

/** An answer that was graded. */
export interface GradedAnswer {
  /** Names the problem; several answers to one problem have it in common. */
  problemId: string
  /** What `generate` returned. */
  answer: Answer
  /** What `gradeAnswer` found. */
  verdict: Verdict
  /** The problem's grade of difficulty, by which the analysis also looks apart. */
  level?: string
}

/** How answers are analysed. */
export interface AnalyseOptions extends Partial<StudySettings> {
  /** The rules of the verdicts, where they are not the default ones. */
  grading?: GradingRules
}

/**
 * Says whether uncertainty predicts error, of answers in memory or of `readColumns()` of a run that is open: the statistics of `analysis.json`, which
 * are the same of the same answers, seed and resamples, with their warnings. It lacks what only a run's texts and tokens say (`tokens`,
 * `errorKinds`) and how much of a run there is (`coverage`). What is undefined is null, with its reason among the warnings.
 */
export function analyse(
  answers: Iterable<GradedAnswer> | RunColumns,
  { grading = defaultGradingRules, ...settings }: AnalyseOptions = {},
): Analysis {
  const columns = 'scores' in answers ? answers : allColumnsOf(samplesOf(answers), grading)
  return analyseRun(columns, { ...settings, grading })
}

/** The answers as samples of a run, problems in the order in which they first appear. */
function* samplesOf(answers: Iterable<GradedAnswer>): Generator<SampleRecord> {
  const problems = new Map<string, { index: number; answers: number }>()
  for (const { problemId, answer, verdict, level } of answers) {
    const problem = problems.get(problemId) ?? { index: problems.size, answers: 0 }
    problems.set(problemId, problem)
    const { tokens } = answer
    const entropies = tokens.map(({ entropyNats }) => entropyNats)
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    const of = <Value>(value: Value) => (tokens.length === 0 ? null : value)
    yield {
      ...{ problemId, problemIndex: problem.index, sampleIndex: problem.answers++, problem: '', prompt: '' },
      generatedText: answer.text ?? '',
      ...{ extractedAnswer: verdict.extracted, expectedAnswer: '' },
      ...{ correct: verdict.equal && answer.finishReason !== 'error', rule: verdict.rule },
      ...{ finishReason: answer.finishReason, error: answer.error, durationMs: answer.durationMs },
      ...{ promptTokens: answer.promptTokens, generatedTokens: tokens.length },
      meanEntropyNats: of(sum(entropies) / tokens.length),
      maxEntropyNats: of(entropies.reduce((most, value) => Math.max(most, value), 0)),
      sumLogprob: of(sum(tokens.map(({ logprob }) => logprob))),
      metadata: level === undefined ? {} : { level },
      tokens,
    }
  }
}
