import type { PromptToken } from '../../core/record/prompt-token.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import type { TokenRecord } from '../../core/record/token.ts'

/** A token with numbers that follow from `seed`, each exact in f32. */
export function traceToken(seed: number, text: string | null = ` t${seed}`, topK = 3): TokenRecord {
  const fraction = (factor: number) => ((seed * factor) % 64) / 64
  return {
    id: seed % 1000,
    text,
    entropyNats: fraction(37),
    varentropy: fraction(11) * 2,
    logprob: -fraction(23) - 1 / 64,
    margin: fraction(7),
    selfCertainty: 4 + fraction(5),
    rank: seed % 3,
    topIds: Array.from({ length: topK }, (_, index) => (seed + index) % 1000),
    topLogprobs: Array.from({ length: topK }, (_, index) => -fraction(23) - 1 / 64 - index),
    tailMass: fraction(3) / 8,
  }
}

/** A prompt of so many tokens with numbers that follow from `seed`, each exact in f32; nothing is known of the first. */
export function tracePrompt(seed: number, count: number): PromptToken[] {
  return Array.from({ length: count }, (_, index) => {
    const { id, text, logprob, entropyNats, rank } = traceToken(seed + index)
    return index === 0
      ? { id, text, logprob: null, entropyNats: null, rank: null }
      : { id, text, logprob, entropyNats, rank }
  })
}

/** A finished sample of so many tokens, every field of which follows from its problem's index. */
export function traceSample(
  problemIndex: number,
  tokenCount: number,
  changes: Partial<SampleRecord> = {},
): SampleRecord {
  const tokens =
    changes.tokens ??
    Array.from({ length: tokenCount }, (_, index) => traceToken(problemIndex * 31 + index + 1))
  const entropies = tokens.map(token => token.entropyNats)
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  const isEmpty = tokens.length === 0
  return {
    problemId: `problem-${problemIndex}`,
    problemIndex,
    sampleIndex: 0,
    problem: `What is ${problemIndex} + 1?`,
    prompt: `<|im_start|>user\nWhat is ${problemIndex} + 1?<|im_end|>\n`,
    generatedText: tokens.map(token => token.text ?? '').join(''),
    extractedAnswer: `${problemIndex + 1}`,
    expectedAnswer: `${problemIndex + 1}`,
    correct: problemIndex % 3 !== 0,
    rule: 'text',
    finishReason: 'stop',
    error: null,
    promptTokens: 9,
    generatedTokens: tokens.length,
    meanEntropyNats: isEmpty ? null : sum(entropies) / tokens.length,
    maxEntropyNats: isEmpty ? null : Math.max(...entropies),
    sumLogprob: isEmpty ? null : sum(tokens.map(token => token.logprob)),
    metadata: { level: `level ${problemIndex % 5}`, operations: problemIndex % 4 },
    durationMs: problemIndex + 0.5,
    tokens,
    ...changes,
  }
}
