import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import golden from '../../../test/golden/scores.json' with { type: 'json' }
import { expectClose } from '../../../test/golden/statistics.ts'
import { tokenRecord } from '../../../test/support/sample-record.ts'
import { tokenColumns } from '../../record/token.ts'
import { scoreDefinitions } from './answer-scores.ts'
import { type SequenceScoreName, scoreSequence, sequenceScoreNames } from './sequence-scores.ts'

const sample = { finishReason: 'stop', extractedAnswer: null } as const

describe.each(golden.answers)('an answer of $expected.SequenceLength tokens', ({ tokens, expected }) => {
  const found = scoreSequence({ ...tokens, tokenText: tokens.entropyNats.map(() => null) }, sample)
  test.each(Object.entries(expected))('agrees with NumPy on %s', (name, value) => {
    expectClose(found[name as SequenceScoreName], value, name, { absolute: 1e-12, relative: 1e-10 })
  })
})

test('the entropy of the answer is that of the tokens that carry it, at its last occurrence', () => {
  const texts = ['1', '2', ' =', ' ', '12', '3', '. The answer is ', '1', '2', '.', '<|im_end|>']
  const tokens = texts.map((text, index) => tokenRecord({ text, entropyNats: 2 ** index }))
  const scores = scoreSequence(tokenColumns(tokens), { ...sample, extractedAnswer: '12' })
  expect(scores.AnswerSpanEntropy).toBe((2 ** 7 + 2 ** 8) / 2)
})

test('what is undefined is null', () => {
  const tokens = tokenColumns([tokenRecord({ topLogprobs: [] })])
  const scores = scoreSequence(tokens, sample)
  const undefinedNames = sequenceScoreNames.filter(name => scores[name] === null)
  expect(undefinedNames).toEqual([
    'AnswerSpanEntropy',
    'TokenEntropySlope',
    'DeepConfLowestWindow',
    'DeepConfBottomTenPercent',
    'PTrue',
  ])
  expect(scoreSequence(tokens, { ...sample, pTrue: 0.25 }).PTrue).toBe(0.75)
})

test('a sample that failed or has no tokens has no score', () => {
  const failed = scoreSequence(tokenColumns([tokenRecord({})]), { ...sample, finishReason: 'error' })
  const empty = scoreSequence(tokenColumns([]), { ...sample, pTrue: 0.5 })
  for (const scores of [failed, empty])
    expect(Object.values(scores)).toEqual(sequenceScoreNames.map(() => null))
})

test('a value that is not finite is none', () => {
  const scores = scoreSequence(tokenColumns([tokenRecord({ selfCertainty: Number.NaN })]), sample)
  expect(scores.SelfCertainty).toBeNull()
  expect(scores.MeanTokenEntropy).toBe(0)
})

test('an answer of flat distributions scores above one of sharp ones, whatever the score of doubt', () => {
  const flat = {
    entropyNats: 1.4,
    varentropy: 1,
    logprob: -1.4,
    margin: 0,
    selfCertainty: 1,
    topLogprobs: [-1.4, -1.4],
  }
  const sharp = {
    entropyNats: 0.1,
    varentropy: 0.1,
    logprob: -0.1,
    margin: 0.9,
    selfCertainty: 9,
    topLogprobs: [-0.1, -9],
  }
  // A slope and spikes compare tokens of one answer with each other; length is no doubt.
  const relative: SequenceScoreName[] = ['TokenEntropySlope', 'EntropySpikeCount', 'SequenceLength']
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 80 }), count => {
      const [high, low] = [flat, sharp].map(token =>
        scoreSequence(
          tokenColumns(Array.from({ length: count }, () => tokenRecord({ ...token, text: ' 5' }))),
          {
            finishReason: 'stop',
            extractedAnswer: '5',
            pTrue: token === flat ? 0.2 : 0.9,
          },
        ),
      ) as [ReturnType<typeof scoreSequence>, ReturnType<typeof scoreSequence>]
      for (const name of sequenceScoreNames.filter(name => !relative.includes(name)))
        expect(high[name], name).toBeGreaterThan(low[name] as number)
    }),
    { numRuns: 20 },
  )
})

test('every score says in words what it is, and those of the likeliest tokens how many were recorded', () => {
  const definitions = scoreDefinitions(7)
  for (const name of sequenceScoreNames) expect(Object.keys(definitions)).toContain(name)
  for (const [name, definition] of Object.entries(definitions)) {
    expect(Object.keys(definition)).toEqual(['unit', 'formula', 'source', 'nullWhen'])
    for (const text of Object.values(definition)) expect(text).not.toBe('')
    expect(definition.formula.includes('k = 7'), name).toBe(name.startsWith('DeepConf'))
  }
})
