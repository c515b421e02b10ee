import { describe, expect, it } from 'vitest'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { tracePrompt, traceSample } from '../../test/support/trace-sample.ts'
import { InputError } from '../input-error.ts'
import { formatVersion } from './run-files.ts'
import { parseSampleLine } from './sample.ts'

const whole = {
  formatVersion,
  ...traceSample(3, 2, {
    topTexts: { '7': ' a' },
    pTrue: null,
    pTrueProbabilities: { true: 0.1, false: 0.2 },
    promptScores: tracePrompt(5, 3),
  }),
}
const parse = (sample: unknown) => parseSampleLine('samples.jsonl: line 4', JSON.stringify(sample))

describe('a line of the journal', () => {
  it('is a sample with every field, those that may be absent or null too', () => {
    for (const sample of [whole, { formatVersion, ...sampleRecord({}) }, { ...whole, later: [1] }])
      expect(parse(sample)).toEqual(sample)
  })

  it.each<[string, object]>([
    ['problemId is 7, which should be a text', { problemId: 7 }],
    ['correct is "yes", which should be true or false', { correct: 'yes' }],
    ['finishReason is "ended", which should be "stop", "length" or "error"', { finishReason: 'ended' }],
    ['error is missing, which should be a text, or null', { error: undefined }],
    ['promptTokens is 1.5, which should be an integer', { promptTokens: 1.5 }],
    ['meanEntropyNats is "1", which should be a finite number, or null', { meanEntropyNats: '1' }],
    ['metadata is {"level":[1]}, which should be texts, numbers', { metadata: { level: [1] } }],
    ['topTexts is {"x":"a"}, which should be texts by the ids of tokens', { topTexts: { x: 'a' } }],
    ['pTrueProbabilities is {"true":1}, which should be the', { pTrueProbabilities: { true: 1 } }],
    ['promptScores is [{"id":1}], which should be the tokens of the prompt', { promptScores: [{ id: 1 }] }],
    ['has no problemIndex, sampleIndex and tokens', { problemIndex: -1 }],
    ['tokens.1 is null', { tokens: [whole.tokens[0], null] }],
    [
      'tokens.0.logprob is null, which should be a finite number',
      { tokens: [{ ...whole.tokens[0], logprob: null }] },
    ],
    ['tokens.0.topIds is [0.5]', { tokens: [{ ...whole.tokens[0], topIds: [0.5] }] }],
    ['tokens.0 has 3 topIds and 1 topLogprobs', { tokens: [{ ...whole.tokens[0], topLogprobs: [-1] }] }],
  ])('is refused where %s', (message, changes) => {
    expect(() => parse({ ...whole, ...changes })).toThrow(InputError)
    expect(() => parse({ ...whole, ...changes })).toThrow(`samples.jsonl: line 4: ${message}`)
  })
})
