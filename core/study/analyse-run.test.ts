import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose } from '../../test/golden/statistics.ts'
import { failedSample } from '../../test/golden/statistics-samples.ts'
import { sampleRecord, tokenRecord } from '../../test/support/sample-record.ts'
import type { SampleRecord } from '../record/sample.ts'
import { analyseRun } from '../report/record-study.ts'
import { columnsOf } from './columns.ts'

function sample(correct: boolean, entropies: number[], changes: Partial<SampleRecord> = {}): SampleRecord {
  const sum = entropies.reduce((total, value) => total + value, 0)
  return sampleRecord({
    correct,
    generatedTokens: entropies.length,
    meanEntropyNats: sum / entropies.length,
    maxEntropyNats: Math.max(...entropies),
    sumLogprob: -sum / 2,
    tokens: entropies.map(entropyNats =>
      tokenRecord({
        entropyNats,
        varentropy: entropyNats * 2,
        logprob: -entropyNats / 2,
        margin: 1 - entropyNats / 10,
        selfCertainty: 6 - entropyNats,
      }),
    ),
    ...changes,
  })
}

/** Every sample becomes the one answer to a problem of its own. */
const numbered = (samples: Iterable<SampleRecord>) =>
  [...samples].map((one, index) => ({ ...one, problemId: `p${index}`, problemIndex: index }))

const analyse = (samples: Iterable<SampleRecord>) =>
  analyseRun(columnsOf(numbered(samples)), { resamples: 200 })

test.each(dataSets)('has the golden statistics in their places: $name', ({ scores, incorrect, expected }) => {
  const analysis = analyse(scores.map((score, index) => sample(!incorrect[index], [score])))
  expect(analysis.total).toBe(scores.length)
  expect(analysis.correct).toBe(expected.correct.n)
  expect(analysis.incorrect).toBe(expected.incorrect.n)
  expectClose(analysis.accuracy.value, expected.accuracy.value, 'accuracy')
  expectClose(analysis.accuracy.low, expected.accuracy.low, 'accuracy low')
  expectClose(analysis.accuracy.high, expected.accuracy.high, 'accuracy high')
  for (const name of ['correct', 'incorrect'] as const) {
    expect(analysis.entropyNats[name].n).toBe(expected[name].n)
    expectClose(analysis.entropyNats[name].mean, expected[name].mean, `${name} mean`)
    expectClose(analysis.entropyNats[name].sd, expected[name].sd, `${name} sd`)
    expectClose(analysis.entropyNats[name].median, expected[name].median, `${name} median`)
  }
  const bothMeans = expected.correct.mean !== null && expected.incorrect.mean !== null
  expectClose(
    analysis.entropyNats.difference,
    bothMeans ? expected.incorrect.mean! - expected.correct.mean! : null,
    'difference',
  )
  expectClose(analysis.entropyNats.hedgesG, expected.hedgesG, "Hedges' g")
  expectClose(analysis.pearson.r, expected.pearson?.coefficient, 'r')
  expectClose(analysis.pearson.p, expected.pearson?.p, 'p of r')
  expectClose(analysis.spearman.rho, expected.spearman?.coefficient, 'rho')
  expectClose(analysis.spearman.p, expected.spearman?.p, 'p of rho')
  expectClose(analysis.mannWhitney.u, expected.mannWhitney?.u, 'U')
  expectClose(analysis.mannWhitney.p, expected.mannWhitney?.p, 'p of U')
  expectClose(analysis.auroc.value, expected.auroc, 'AUROC')
  expectClose(analysis.auroc.low, expected.aurocInterval?.low, 'AUROC low')
  expectClose(analysis.auroc.high, expected.aurocInterval?.high, 'AUROC high')
  expectClose(analysis.auroc.p, expected.mannWhitney?.p, 'AUROC p')
  expectClose(analysis.auprc, expected.auprc, 'AUPRC')
  expectClose(analysis.prr, expected.prr, 'PRR')
  expectClose(analysis.aurc, expected.aurc, 'AURC')
})

test('has exactly the promised fields', () => {
  const analysis = analyse([sample(true, [0.1]), sample(false, [0.2])])
  expect(Object.keys(analysis)).toEqual([
    'formatVersion',
    'total',
    'correct',
    'incorrect',
    'errors',
    'problems',
    'accuracy',
    'accuracyClustered',
    'capHitRate',
    'extractionFailureRate',
    'entropyNats',
    'intervals',
    'pearson',
    'pointBiserial',
    'spearman',
    'kendall',
    'mannWhitney',
    'auroc',
    'aurocBootstrap',
    'aurocPermutationP',
    'auprc',
    'auprcBaseRate',
    'prr',
    'aurc',
    'augrc',
    'rejectionCurve',
    'scores',
    'scoreComparisons',
    'logisticRegression',
    'strata',
    'lengthConfounding',
    'withinProblem',
    'power',
    'calibration',
    'seed',
    'completedOnly',
    'warnings',
  ])
  expect(analysis.formatVersion).toBe('1.0')
})

test('a failed sample is incorrect, but in no statistic of entropy', () => {
  const others = [sample(true, [0.1]), sample(true, [0.3]), sample(false, [0.2]), sample(false, [0.6])]
  const analysis = analyse([failedSample, ...others])
  expect(analysis).toMatchObject({ total: 5, correct: 2, incorrect: 3, errors: 1, extractionFailureRate: 0 })
  expect(analysis.accuracy.value).toBe(0.4)
  expect(analysis.entropyNats).toEqual(analyse(others).entropyNats)
  expect(analysis.auroc).toEqual(analyse(others).auroc)
  expect(analysis.scores).toEqual(analyse(others).scores)
  expect(analysis.warnings.join('\n')).toMatch(/1 sample of 5 failed; it counts as incorrect/)
})

test('each score grows with doubt and reads its own column', () => {
  // The incorrect answer is the less certain one in every respect, the longer one too.
  const { scores } = analyse([sample(true, [0.1, 0.3]), sample(false, [0.2, 0.9, 0.9])])
  const growing = [
    'MeanTokenEntropy',
    'MaximumTokenEntropy',
    'FirstTokenEntropy',
    'MeanTokenVarentropy',
    'MaximumSequenceProbability',
    'Perplexity',
    'MeanTokenMargin',
    'SelfCertainty',
    'SequenceLength',
  ]
  for (const name of growing) expect(scores[name], name).toMatchObject({ auroc: 1, prr: 1, auprc: 1 })
  const firstOnly = analyse([sample(true, [0.4, 0]), sample(false, [0.2, 0.9])]).scores
  expect(firstOnly.FirstTokenEntropy?.auroc).toBe(0)
  expect(firstOnly.MeanTokenEntropy?.auroc).toBe(1)
  expect(firstOnly.SequenceLength?.auroc).toBe(0.5)
})

test('warns of cut answers, unread answers and small classes, and only then', () => {
  // Entropies from 0.01 to 1.01 and one to three tokens, so that every score varies.
  const many = (length: number, correct: boolean, changes?: Partial<SampleRecord>) =>
    Array.from({ length }, (_, index) => {
      const entropyNats = ((index * 37) % 101) / 100 + 0.01
      return sample(correct, new Array<number>(1 + (index % 3)).fill(entropyNats), changes)
    })
  const sound = [...many(100, true), ...many(100, false)]
  // Some scores of these samples never vary, or not all have them.
  const expected =
    /^(There are no statistics by level|(AnswerSpanEntropy, )?TokenEntropySlope(, EntropySpikeCount)?: )/
  expect(analyse(sound).warnings.filter(warning => !expected.test(warning))).toEqual([])

  const cut = analyse([...sound, ...many(5, false, { finishReason: 'length' })])
  expect(cut.capHitRate).toBe(5 / 205)
  expect(cut.warnings[0]).toMatch(/^2\.4 % of the answers were cut off at the token limit/)

  const unread = analyse([...sound, ...many(5, false, { extractedAnswer: null })])
  expect(unread.extractionFailureRate).toBe(5 / 205)
  expect(unread.warnings[0]).toMatch(/^No answer could be read from 2\.4 % of the texts/)

  expect(analyse([...many(200, true), ...many(99, false)]).warnings[0]).toMatch(
    /^Only 99 incorrect answers \(fewer than 100\)/,
  )
  const atLimit = analyse([
    ...many(98, true),
    ...many(98, false),
    ...many(4, false, { finishReason: 'length' }),
  ])
  expect(atLimit.capHitRate).toBe(0.02)
  expect(atLimit.warnings.join(' ')).not.toMatch(/token limit/)
})

test.each([
  ['no samples', [], /There are no samples/],
  ['all failed', [failedSample, failedSample], /No sample has a mean entropy/],
  ['one class', [sample(true, [0.1]), sample(true, [0.2])], /All 2 answers with entropy are correct/],
  [
    'equal entropies',
    [true, true, false, false].map(right => sample(right, [0.1])),
    /every sample has the same/,
  ],
  ['one of a class', [sample(true, [0.1]), sample(false, [0.2])], /a class has a single answer/],
  [
    'separated',
    [0.1, 0.2, 0.8, 0.9].map(value => sample(value < 0.5, [value])),
    /separates the classes perfectly/,
  ],
  [
    'no finite mean',
    [sample(true, [0.1], { meanEntropyNats: Number.NaN })],
    /1 sample of 1 has no finite mean/,
  ],
] as const)('says why a value is undefined: %s', (_, samples, reason) => {
  expect(analyse(samples).warnings.join('\n')).toMatch(reason)
})

test('whatever the samples, numbers are finite, nulls come with a reason, and the order does not matter', () => {
  // Sixteenths, so that ties are common and sums exact.
  const entropy = fc.integer({ min: 0, max: 40 }).map(value => value / 16)
  const anySample = fc
    .tuple(fc.boolean(), fc.array(entropy, { minLength: 1, maxLength: 4 }))
    .map(([correct, entropies]) => sample(correct, entropies))
  fc.assert(
    fc.property(fc.array(fc.oneof(anySample, fc.constant(failedSample)), { maxLength: 25 }), samples => {
      const analysis = analyse(samples)
      const nulls: string[] = []
      visit(analysis, '', (path, value) => {
        if (value === null && !/withinProblem$/.test(path)) nulls.push(path)
        if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true)
      })
      if (nulls.length > 0)
        expect(analysis.warnings.join('\n')).toMatch(/undefined|no standard deviation|no difference|missing/)
      expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
      const reversed = analyseRun(columnsOf(numbered(samples).toReversed()), { resamples: 200 })
      expect(reversed.mannWhitney).toEqual(analysis.mannWhitney)
      expect(reversed.aurocPermutationP).toEqual(analysis.aurocPermutationP)
      expect(reversed.warnings).toEqual(analysis.warnings)
      expectClose(reversed.prr, analysis.prr, 'PRR')
      expectClose(reversed.auroc.low, analysis.auroc.low, 'AUROC low')
    }),
  )
})

function visit(value: unknown, path: string, look: (path: string, value: unknown) => void): void {
  look(path, value)
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`, look)
}

test('copies of answers to the same problems are no evidence', () => {
  const answers = Array.from({ length: 60 }, (_, index) => {
    const length = 4 + ((index * 7) % 11)
    const entropy = 0.2 + (index % 3) * 0.1 + length * 0.02 + ((index * 13) % 17) * 0.004
    return sample(
      index % 3 === 0 ? index % 2 === 0 : index % 4 > 0,
      Array.from({ length }, () => entropy),
    )
  })
  const once = numbered(answers)
  const often = Array.from({ length: 12 }, (_, sampleIndex) => once.map(one => ({ ...one, sampleIndex })))
  const warnings = analyseRun(columnsOf(often.flat()), { resamples: 200 }).warnings.join('\n')
  expect(warnings).toMatch(
    /^Only \d{3} correct answers to \d\d problems \(fewer than 100\): intervals are wide/m,
  )
  expect(warnings).toMatch(/^Only \d{3} incorrect answers to \d\d problems \(fewer than 100\)/m)
  expect(warnings).not.toMatch(/still says something/)
  expect(warnings).toMatch(/the power and the calibration error of perfect probabilities take the answers as/)
  expect(warnings).not.toMatch(/more than chance explains:/)
})
