import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import golden from '../../../test/golden/scores.json' with { type: 'json' }
import { expectClose } from '../../../test/golden/statistics.ts'
import { sampleRecord, tokenRecord } from '../../../test/support/sample-record.ts'
import type { SampleRecord } from '../../record/sample.ts'
import { columnsOf } from '../columns.ts'
import { addAnswerScores, answerScores, selfConsistency, semanticEntropy } from './answer-scores.ts'

describe.each(golden.groups)('answers in classes $classes', ({ classes, sumLogprobs, lengths, expected }) => {
  const means = sumLogprobs.map((sum, index) => sum / lengths[index]!)
  test('agree with SciPy on semantic entropy', () => {
    expectClose(semanticEntropy(classes, { kind: 'count' }), expected.discrete, 'discrete')
    const bySequence = semanticEntropy(classes, { kind: 'likelihood', logprobs: sumLogprobs })
    expectClose(bySequence, expected.sequence, 'by sequence')
    expectClose(
      semanticEntropy(classes, { kind: 'likelihood', logprobs: means }),
      expected.lengthNormalised,
      'length-normalised',
    )
  })
  test('agree with NumPy on self-consistency', () => {
    const found = selfConsistency(classes)
    expect(found?.modalShare).toBe(expected.modalShare)
    expect([...(found?.ownShares ?? [])]).toEqual(expected.ownShare)
  })
})

const groups = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 5 }), logprob: fc.double({ min: -2_000, max: 0, noNaN: true }) }),
  { minLength: 1, maxLength: 20 },
)

test('semantic entropy lies between 0 and log of the number of classes, and equal likelihoods weigh as counts', () => {
  fc.assert(
    fc.property(groups, answers => {
      const classes = answers.map(answer => answer.id)
      const limit = Math.log(new Set(classes).size) + 1e-12
      const logprobs = answers.map(answer => answer.logprob)
      const discrete = semanticEntropy(classes, { kind: 'count' })
      for (const entropy of [discrete, semanticEntropy(classes, { kind: 'likelihood', logprobs })]) {
        expect(entropy).toBeGreaterThanOrEqual(0)
        expect(entropy).toBeLessThanOrEqual(limit)
      }
      const alike = classes.map(() => -1_000)
      expect(semanticEntropy(classes, { kind: 'likelihood', logprobs: alike })).toBe(discrete)
    }),
  )
})

test('no answers and unknown likelihoods have no agreement', () => {
  expect(semanticEntropy([], { kind: 'count' })).toBeNull()
  expect(semanticEntropy([0, 1], { kind: 'likelihood', logprobs: [-1, Number.NaN] })).toBeNull()
  expect(selfConsistency([])).toBeNull()
})

function answer(problemIndex: number, extractedAnswer: string | null, logprob: number): SampleRecord {
  const tokens = [tokenRecord({ logprob }), tokenRecord({ logprob })]
  return sampleRecord({ problemIndex, extractedAnswer, tokens, generatedTokens: 2, sumLogprob: 2 * logprob })
}

test('answers to one problem are scored together, wherever they stand; failed ones and lonely ones are not', () => {
  const samples = [
    answer(0, '5', -0.1),
    answer(1, '8', -0.1),
    answer(0, '5', -0.3),
    { ...answer(0, null, -0.1), finishReason: 'error' as const },
    answer(0, null, -1.7),
  ]
  const columns = columnsOf(samples)
  expect(addAnswerScores(columns, [0, 0, 0, 1, 1])).toBe(true)
  const { scores } = columns
  const rows = (name: keyof typeof answerScores) => [...(scores[name] ?? [])]
  expect(rows('SelfConsistency')).toEqual([1 - 2 / 3, Number.NaN, 1 - 2 / 3, Number.NaN, 1 - 2 / 3])
  expect(rows('AnswerShare')).toEqual([1 - 2 / 3, Number.NaN, 1 - 2 / 3, Number.NaN, 1 - 1 / 3])
  const entropy = (weights: number[]) => {
    const share = (weights[0]! + weights[1]!) / (weights[0]! + weights[1]! + weights[2]!)
    return -share * Math.log(share) - (1 - share) * Math.log(1 - share)
  }
  expect(scores['DiscreteSemanticEntropy']?.[0]).toBeCloseTo(entropy([1, 1, 1]), 12)
  expect(scores['SemanticEntropy']?.[4]).toBeCloseTo(entropy([-0.1, -0.3, -1.7].map(Math.exp)), 12)
  expect(scores['SequenceSemanticEntropy']?.[2]).toBeCloseTo(entropy([-0.2, -0.6, -3.4].map(Math.exp)), 12)
  for (const name of Object.keys(answerScores)) expect(scores[name]?.[3], name).toBeNaN()
})

test('a run of one answer a problem gets no such scores', () => {
  const columns = columnsOf([answer(0, '5', -1), answer(1, '5', -1)])
  const names = Object.keys(columns.scores)
  expect(addAnswerScores(columns, [0, 0])).toBe(false)
  expect(Object.keys(columns.scores)).toEqual(names)
})
