import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isNamed } from '../../test/support/is-named.ts'
import { sampleRecord, tokenRecord } from '../../test/support/sample-record.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { SampleRecord } from '../record/sample.ts'
import { tokenColumns } from '../record/token.ts'
import type { Analysis } from '../study/analysis.ts'
import { columnsOf } from '../study/columns.ts'
import { createRunFindings } from '../study/run-findings.ts'
import { createExampleCollector } from './patterns-section.ts'
import { analyseRun } from './record-study.ts'
import { renderHtml, renderMarkdown } from './report-document.ts'
import { writeReport } from './write-report.ts'

/** Quarters, so that ties are common. */
const nats = fc.integer({ min: 0, max: 8 }).map(value => value / 4)
const anyAnswer = fc.record({
  correct: fc.boolean(),
  entropies: fc.oneof(
    { weight: 5, arbitrary: fc.array(nats, { minLength: 1, maxLength: 5 }) },
    { weight: 1, arbitrary: fc.constant([] as number[]) },
  ),
  finishReason: fc.constantFrom(
    'stop' as const,
    'stop' as const,
    'stop' as const,
    'length' as const,
    'error' as const,
  ),
  extractedAnswer: fc.constantFrom('5', '7', null),
  level: fc.constantFrom(null, '1', '2'),
  problem: fc.nat({ max: 11 }),
  pTrue: fc.constantFrom(undefined, undefined, null, 0.25, 0.75),
})

/** What all answers of a run may have in common: the cases in which statistics are undefined. */
const anyLikeness = fc.record({
  correct: fc.constantFrom(null, null, null, true, false),
  entropies: fc.constantFrom(null, null, null, [0.5, 0.25], [0]),
  level: fc.constantFrom(undefined, undefined, null),
  problem: fc.constantFrom<(number: number, index: number) => number>(
    (_, index) => index,
    (_, index) => index,
    number => number,
    number => number % 3,
    () => 0,
  ),
  /** Scores that every third answer lacks. */
  lacking: fc.constantFrom(
    [] as string[],
    ['Perplexity'],
    ['SequenceLength', 'MeanTokenMargin'],
    ['MeanTokenEntropy'],
  ),
})

/** Some answers, and the scores that a third of them lacks. */
const anyRun = (most: number, least = 1) =>
  fc
    .tuple(fc.array(anyAnswer, { minLength: least, maxLength: most }), anyLikeness)
    .map(([answers, { correct, entropies, level, problem, lacking }]) => ({
      lacking,
      answers: answers.map((answer, index) => ({
        ...answer,
        correct: correct ?? answer.correct,
        entropies: entropies ?? answer.entropies,
        level: level === undefined ? answer.level : level,
        problem: problem(answer.problem, index),
      })),
    }))

type Run = ReturnType<typeof anyRun> extends fc.Arbitrary<infer T> ? T : never

function sampleOf(answer: Run['answers'][number], index: number): SampleRecord {
  const { finishReason, extractedAnswer, entropies, level, problem, pTrue } = answer
  const failed = finishReason === 'error'
  const has = !failed && entropies.length > 0
  const sum = entropies.reduce((total, value) => total + value, 0)
  return sampleRecord({
    problemId: `problem ${problem}`,
    problemIndex: problem,
    sampleIndex: index,
    correct: answer.correct && !failed,
    finishReason,
    error: failed ? 'too long' : null,
    extractedAnswer: failed ? null : extractedAnswer,
    generatedTokens: failed ? 0 : entropies.length,
    meanEntropyNats: has ? sum / entropies.length : null,
    maxEntropyNats: has ? Math.max(...entropies) : null,
    sumLogprob: has ? -sum / 2 : null,
    metadata: level === null ? {} : { level },
    ...(pTrue !== undefined && { pTrue }),
    tokens: failed
      ? []
      : entropies.map((entropyNats, token) =>
          tokenRecord({
            id: token,
            entropyNats,
            logprob: -entropyNats / 2,
            margin: 1 - entropyNats / 4,
            selfCertainty: 6 - entropyNats,
          }),
        ),
  })
}

/** Everything that is written of a run. */
function writeAll({ answers, lacking }: Run) {
  const samples = answers.map(sampleOf)
  const columns: RunColumns = columnsOf(samples)
  for (const name of lacking)
    for (let row = 0; row < columns.count; row += 3) {
      const column = columns.scores[name]
      if (column) column[row] = Number.NaN
    }
  const counter = createRunFindings()
  const collector = createExampleCollector()
  for (const sample of samples) {
    counter.add(sample, tokenColumns(sample.tokens))
    collector.add(sample)
  }
  const findings = counter.finish()
  const analysis = analyseRun(columns, { resamples: 200 }, findings)
  const report = (of: Analysis) =>
    writeReport({
      title: 'a run',
      setUp: [],
      analysis: of,
      findings,
      examples: collector.examples,
      figures: [],
      files: [],
    })
  return { analysis, report }
}

const fuzz = (name: string, run: ReturnType<typeof anyRun>, numRuns: number) =>
  test(name, () => {
    fc.assert(
      fc.property(run, answers => {
        const { analysis, report } = writeAll(answers)
        expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
        for (const { path, value } of leaves(analysis)) {
          if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true)
          if (value === null && !isNamed(analysis, path))
            expect.fail(`${path} is null without a reason among\n${analysis.warnings.join('\n')}`)
        }
        const unsaid = /NaN|Infinity|\bnull\b/
        for (const warning of analysis.warnings) expect(warning).not.toMatch(unsaid)
        // Warnings say of numbers that they are undefined; nothing else does.
        const document = report({ ...analysis, warnings: [] })
        for (const text of [renderMarkdown(document), renderHtml(document)]) {
          expect(text).not.toMatch(unsaid)
          expect(text).not.toContain('undefined')
        }
        expect(renderMarkdown(report(analysis)).length).toBeGreaterThan(500)
      }),
      { numRuns },
    )
  })

fuzz(
  'whatever a small run, its numbers are finite, each null has its reason, and its report prints',
  anyRun(12),
  150,
)
fuzz('and whatever a run that is large enough to be calibrated', anyRun(60, 30), 25)

function* leaves(value: unknown, path = ''): Generator<{ path: string; value: unknown }> {
  if (typeof value !== 'object' || value === null) yield { path, value }
  else for (const [key, child] of Object.entries(value)) yield* leaves(child, `${path}/${key}`)
}
