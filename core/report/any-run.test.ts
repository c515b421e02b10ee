import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleRecord, tokenRecord } from '../../test/support/sample-record.ts'
import { analyseRun } from '../analyse/analyse-run.ts'
import type { Analysis, AnalysisStatistics } from '../analyse/analysis.ts'
import { columnsOf } from '../analyse/columns-of.ts'
import { createRunFindings } from '../analyse/run-findings.ts'
import { tokenColumns } from '../analyse/scores/token-columns.ts'
import type { RunColumns } from '../formats/run-columns.ts'
import type { SampleRecord } from '../formats/sample-record.ts'
import { renderHtml } from './render-html.ts'
import { renderMarkdown } from './render-markdown.ts'
import { createExampleCollector } from './report-examples.ts'
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

/** Whether some warning names the number at this path and says why it is undefined. */
function isNamed(analysis: Analysis, path: string): boolean {
  // Every problem has one answer; a token without a text is named by its id.
  if (/\/withinProblem$|\/text$/.test(path)) return true
  const [, inside = '', rest = ''] = /^(\/completedOnly)?(.*)$/.exec(path)!
  const part: AnalysisStatistics = inside === '' ? analysis : analysis.completedOnly
  const says = (pattern: RegExp) => analysis.warnings.some(warning => pattern.test(warning))
  if (part.total === 0) return says(inside === '' ? /There are no samples/ : /No answer was completed/)
  const { correct, incorrect } = part.entropyNats
  const classes = [correct, incorrect].filter(({ n }) => n > 0).length
  const isOfSamples = /^\/(tokens|errorKinds|accuracy|capHitRate)/.test(rest)
  if (classes === 0 && !isOfSamples) return says(/No sample has a mean entropy/)
  const isOfOneClass =
    !/^\/(entropyNats\/(in)?correct|lengthConfounding\/entropyLengthRho|withinProblem|.*intervals\/\w+\/|intervals\/((in)?correctMean|entropyLengthRho))/.test(
      rest,
    )
  const name = /^\/scores\/(\w+)/.exec(rest)?.[1]
  if (classes === 1 && isOfOneClass && !isOfSamples && !(name && part.scores[name]!.n === 0))
    return says(/with one class there is no difference, .* AUROC, PRR, .* calibration/)
  return namesOf(part, rest).every(names => says(names))
}

/** What warnings must match to name the number at a path; one that cannot match where the path is not known. */
function namesOf(part: AnalysisStatistics, path: string): RegExp[] {
  const [, field = '', key = '', last = '', name = '', end = ''] = path.split('/')
  const ofScore = (name: string, what: string) => [
    new RegExp(
      `^(Completed answers only: )?(.*\\b${name}\\b.*|Every (other )?score): .*(${what}).* undefined, because`,
    ),
  ]
  if (field === 'entropyNats')
    return key === 'hedgesG'
      ? [/Hedges' g is undefined/]
      : [new RegExp(`There is (no|one) ${key} answer with entropy`)]
  if (['pearson', 'pointBiserial', 'spearman', 'kendall'].includes(field))
    return [/The correlations .* are undefined/]
  if (field === 'auroc') return ofScore('MeanTokenEntropy', "DeLong's interval")
  if (field === 'aurocBootstrap') return ofScore('MeanTokenEntropy', 'bootstrap interval')
  const areas = ['auprc', 'prr', 'aurc', 'augrc']
  if (field === 'intervals' && areas.includes(key))
    return ofScore(
      'MeanTokenEntropy',
      last === '' ? scoreFields[key]! : `interval of the ${key.toUpperCase()}`,
    )
  if (field === 'intervals') return last === '' ? [undefinedNumbers[key]!] : [intervalOf(intervalNames[key]!)]
  if (field === 'scores' && last === 'intervals')
    return ofScore(key, end === '' ? scoreFields[name]! : `interval of the ${name.toUpperCase()}`)
  if (field === 'scores') return ofScore(key, scoreFields[last] ?? 'unknown field')
  if (field === 'scoreComparisons') {
    const { score, against } = part.scoreComparisons[Number(key)]!
    const difference = `difference of AUROC from ${against} with|`
    const interval = last.startsWith('bootstrap') ? 'bootstrap interval' : "DeLong's interval and p"
    return ofScore(score, `${difference}${interval} of the difference of AUROC from ${against}`)
  }
  if (field === 'logisticRegression') return [/regression.* (is|are) undefined because/]
  if (field === 'strata') {
    if (key.endsWith('AdjustedAuroc'))
      return [new RegExp(`${key.slice(0, key.indexOf('A'))}( is undefined|-adjusted AUROC is undefined)`)]
    const { label } = part.strata[key as 'length' | 'level'][Number(last)]!
    return [
      new RegExp(`Within .*\\(.*\\b${label}\\b.*\\) the (interval of the )?AUROC is undefined, because`),
    ]
  }
  if (field === 'lengthConfounding') return [/The correlation of entropy and length is undefined because/]
  if (field === 'withinProblem') return [/AUROC within problems is undefined, because/]
  if (field === 'power') return [/AUROC that is detectable with 80 % power is undefined/]
  if (field === 'calibration' && end !== '')
    return [intervalOf(`${calibrationNames[name] ?? name} \\(${key}\\)`)]
  if (field === 'calibration')
    return last === ''
      ? [key === '' ? /Calibration is undefined: / : /Platt's calibration is undefined/]
      : [new RegExp(`Slope and intercept of the ${key} calibration are undefined`)]
  if (field === 'tokens')
    return [
      /No answer has tokens|No token has any entropy|no tokens of the kinds|answer has a token at|first wrong step/,
    ]
  if (field === 'errorKinds')
    return [
      /no incorrect answers, so shares|No incorrect answer (is )?of the kinds|Where the error lies is not known/,
    ]
  return [/a field that no warning names/]
}

/** The warning that an interval is undefined although its number is not. */
const intervalOf = (name: string) => new RegExp(`intervals? of .*${name}.* (is|are) undefined, because`)

const intervalNames: Record<string, string> = {
  correctMean: 'the mean of correct answers',
  incorrectMean: 'the mean of incorrect answers',
  difference: 'the difference of means',
  hedgesG: "Hedges' g",
  pearson: "Pearson's r",
  spearman: "Spearman's ρ",
  kendall: "Kendall's τ",
  entropyLengthRho: 'the correlation of entropy and length',
  lengthAdjustedAuroc: 'the AUROC adjusted for length',
  levelAdjustedAuroc: 'the AUROC adjusted for level',
}

/** The warning that a number is undefined, whose interval is then null. */
const undefinedNumbers: Record<string, RegExp> = {
  correctMean: /There is no correct answer with entropy/,
  incorrectMean: /There is no incorrect answer with entropy/,
  difference: /with one class there is no difference/,
  hedgesG: /Hedges' g is undefined/,
  pearson: /The correlations .* are undefined/,
  spearman: /The correlations .* are undefined/,
  kendall: /The correlations .* are undefined/,
  entropyLengthRho: /The correlation of entropy and length is undefined because/,
  lengthAdjustedAuroc: /The AUROC adjusted for length is undefined/,
  levelAdjustedAuroc: /level-adjusted AUROC is undefined|The AUROC adjusted for level is undefined/,
}

const calibrationNames: Record<string, string> = {
  brier: 'Brier score',
  brierSkill: 'Brier skill',
  logLoss: 'log loss',
  expectedCalibrationError: 'ECE',
}

const scoreFields: Record<string, string> = {
  auroc: 'AUROC with its intervals|every statistic',
  p: 'AUROC with its intervals|every statistic',
  aurocLow: "DeLong's interval|AUROC with its intervals|every statistic",
  aurocHigh: "DeLong's interval|AUROC with its intervals|every statistic",
  bootstrapLow: 'bootstrap interval|AUROC with its intervals|every statistic',
  bootstrapHigh: 'bootstrap interval|AUROC with its intervals|every statistic',
  prr: 'PRR|every statistic',
  kendallTau: "Kendall's τ|every statistic",
  kendallP: "Kendall's τ|every statistic",
  auprc: 'AUPRC|every statistic',
  auprcBaseRate: 'every statistic',
  aurc: 'every statistic',
  augrc: 'every statistic',
}
