import { expect, test } from 'vitest'
import { sampleRecord, tokenRecord } from '../../test/support/sample-record.ts'
import { columnsOf } from '../study/columns.ts'
import { analyseRun } from './record-study.ts'

interface Answer {
  right: boolean
  nats: number
  tokens?: number
  problem?: number
  level?: string
}

/** The warnings of a run of such answers; Perplexity is missing where `lacking` says so. */
function warningsOf(answers: Answer[], lacking: number[] = []): string {
  const columns = columnsOf(
    answers.map(({ right, nats, tokens = 2, problem, level }, index) =>
      sampleRecord({
        problemId: String(problem ?? index),
        problemIndex: problem ?? index,
        sampleIndex: problem === undefined ? 0 : index,
        correct: right,
        generatedTokens: tokens,
        meanEntropyNats: nats,
        metadata: level === undefined ? {} : { level },
        tokens: [nats / 2, (nats * 3) / 2].map(entropyNats =>
          tokenRecord({ entropyNats, logprob: -entropyNats, margin: 1 / (1 + entropyNats) }),
        ),
      }),
    ),
  )
  for (const row of lacking) columns.scores['Perplexity']![row] = Number.NaN
  return analyseRun(columns, { resamples: 200 }).warnings.join('\n')
}

const of = (right: boolean, nats: number[], more: Partial<Answer> = {}) =>
  nats.map(value => ({ right, nats: value, ...more }))
const mixed = [...of(true, [0.1, 0.3, 0.5, 0.2, 0.8]), ...of(false, [0.4, 0.6, 0.9, 0.15, 0.7])]

test.each<[string, Answer[], RegExp, number[]?]>([
  [
    'one right answer',
    [...of(true, [0.2]), ...of(false, [0.1, 0.3, 0.4])],
    /DeLong's interval .* because a class has a single answer\./,
  ],
  [
    'resamples miss a class',
    [
      ...of(true, [0.2, 0.5]),
      ...of(
        false,
        Array.from({ length: 28 }, (_, index) => 0.1 + index / 40),
      ),
    ],
    /bootstrap interval of the AUROC undefined, because \d+\.\d % of the resamples hold no answer of a class/,
  ],
  [
    'separated',
    [...of(true, [0.1, 0.2, 0.3, 0.4]), ...of(false, [0.5, 0.6, 0.7, 0.8])],
    /MeanTokenEntropy.*: DeLong's interval of the AUROC, .*because the score separates the classes perfectly\./,
  ],
  [
    'constant',
    [...of(true, [0.2, 0.2]), ...of(false, [0.2, 0.2])],
    /^Every score: Kendall's τ, DeLong's interval .* because every answer has the same value\.$/m,
  ],
  [
    'a single problem',
    mixed.map(answer => ({ ...answer, problem: 0 })),
    /bootstrap interval of the AUROC undefined, because there is a single problem\./,
  ],
  [
    'a score that no wrong answer has',
    mixed,
    /^Perplexity: AUROC .* PRR, .* undefined, because all answers that have it are correct\./m,
    [5, 6, 7, 8, 9],
  ],
  [
    'a score that some lack',
    mixed,
    /Perplexity: bootstrap interval of the difference of AUROC from MeanTokenEntropy, .* undefined, because answers that have one of the scores lack the other\./,
    [0],
  ],
  [
    'equal lengths',
    mixed,
    /correlation of entropy and length is undefined because every answer has the same length\./,
  ],
  [
    'too few for the terms',
    [
      { right: true, nats: 0.1, tokens: 1, level: '1' },
      { right: false, nats: 0.2, tokens: 2, level: '2' },
    ],
    /regression of correctness is undefined because 2 answers are too few for 4 terms\./,
  ],
  [
    'entropy that follows from length',
    mixed.map((answer, index) => ({ ...answer, nats: Math.log(1 + index), tokens: 1 + index })),
    /regression of correctness is undefined because its terms .* follow from each other/,
  ],
  ['no levels', mixed, /no statistics by level .* because the data set names no levels\./],
  [
    'many levels',
    Array.from({ length: 22 }, (_, index) => ({
      right: index % 2 === 0,
      nats: index / 7,
      level: String(index),
    })),
    /because the data set has more than 20 levels \(22\)\./,
  ],
  [
    'a stratum of one class',
    [...mixed.map(answer => ({ ...answer, level: '1' })), ...of(true, [0.3, 0.4], { level: '2' })],
    /Within .*\(.*level 2\) the AUROC is undefined, because all answers are correct\./,
  ],
  [
    'too few to calibrate',
    mixed,
    /Calibration is undefined: there are 5 correct answers, and a fit needs 10, /,
  ],
  [
    'too few problems to calibrate',
    Array.from({ length: 60 }, (_, index) => ({
      right: index < 30,
      nats: ((index * 7) % 60) / 60,
      problem: index < 30 ? index : 30 + (index % 2),
    })),
    /Calibration is undefined: the incorrect answers are to 2 problems, and its folds need 5, /,
  ],
  [
    'one mixed problem',
    [
      ...of(true, [0.1, 0.3], { problem: 0 }),
      ...of(false, [0.2], { problem: 0 }),
      ...of(false, [0.4, 0.5], { problem: 1 }),
    ],
    /interval of the AUROC within problems is undefined, because one problem alone has both/,
  ],
])('says the reason that holds: %s', (_, answers, reason, lacking) => {
  const warnings = warningsOf(answers, lacking)
  expect(warnings).toMatch(reason)
  // One reason, not several that might hold.
  expect(warnings).not.toMatch(/undefined[^.]*, or (it|they|a|all|more|resamples) /)
})

test('says nothing of what is defined', () => {
  expect(warningsOf(mixed)).not.toMatch(/Perplexity|single|separates|resamples|regression/)
})
