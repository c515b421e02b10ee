import type { SampleRecord } from '../../core/record/sample.ts'
import type { TokenRecord } from '../../core/record/token.ts'

/** A sample that says only what a test is about; the rest is a correct, finished answer without tokens. */
export function sampleRecord(changes: Partial<SampleRecord>): SampleRecord {
  return {
    problemId: '0',
    problemIndex: 0,
    sampleIndex: 0,
    problem: '2 + 3',
    prompt: '2 + 3',
    generatedText: '5',
    extractedAnswer: '5',
    expectedAnswer: '5',
    correct: true,
    rule: 'number',
    finishReason: 'stop',
    error: null,
    promptTokens: 3,
    generatedTokens: 0,
    meanEntropyNats: null,
    maxEntropyNats: null,
    sumLogprob: null,
    metadata: {},
    durationMs: 1,
    tokens: [],
    ...changes,
  }
}

/** A token that says only what a test is about; the rest is a certain one. */
export function tokenRecord(changes: Partial<TokenRecord>): TokenRecord {
  return {
    id: 0,
    text: '5',
    entropyNats: 0,
    varentropy: 0,
    logprob: 0,
    margin: 1,
    selfCertainty: 6,
    rank: 0,
    topIds: [],
    topLogprobs: [],
    tailMass: 0,
    ...changes,
  }
}
