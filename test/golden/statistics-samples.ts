import type { SampleRecord } from '../../core/record/sample.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { sampleRecord, tokenRecord } from '../support/sample-record.ts'

/** Samples for statistics and figures: skewed entropies as a small model has them, the incorrect answers' larger; always the same. */
export function simulateSamples(correct: number, incorrect: number): SampleRecord[] {
  const random = seededRandom(correct * 1009 + incorrect)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Array.from({ length: correct + incorrect }, (_, index) => {
    const isCorrect = index < correct
    const level = (isCorrect ? 0.0008 : 0.005) * Math.exp(normal())
    const tokens = Array.from({ length: Math.max(1, Math.round(40 + 8 * normal())) }, () => {
      const entropyNats = Math.min(6, level * Math.exp(2 * normal()))
      return tokenRecord({
        entropyNats,
        varentropy: entropyNats / 2,
        margin: Math.exp(-entropyNats),
        selfCertainty: 6 - entropyNats,
      })
    })
    const entropies = tokens.map(token => token.entropyNats)
    const sum = entropies.reduce((total, value) => total + value, 0)
    return sampleRecord({
      problemId: String(index),
      problemIndex: index,
      correct: isCorrect,
      generatedTokens: tokens.length,
      meanEntropyNats: sum / tokens.length,
      maxEntropyNats: Math.max(...entropies),
      sumLogprob: -sum,
      tokens,
    })
  })
}

/** Ten answers to each of 12 problems, whose verdict goes with the problem: 120 answers that say no more than 12. */
export function simulateClusters(): SampleRecord[] {
  return simulateSamples(60, 60).map((sample, index) => {
    const problem = Math.floor((index % 60) / 10) + (sample.correct ? 0 : 6)
    const meanEntropyNats = (sample.correct ? 0.1 : 0.15) + 0.01 * ((problem * 7) % 12) + 0.0001 * (index % 10)
    return { ...sample, problemIndex: problem, problemId: String(problem), sampleIndex: index % 10, meanEntropyNats }
  })
}

/** A sample that failed before its first token. */
export const failedSample: SampleRecord = sampleRecord({
  correct: false,
  finishReason: 'error',
  error: 'the prompt is too long',
  extractedAnswer: null,
})

/** Runs whose figures are hard to draw: few answers, one class, no spread, none at all. */
export const oddRuns: { name: string; samples: SampleRecord[] }[] = [
  { name: 'no samples', samples: [] },
  { name: 'all failed', samples: [failedSample, failedSample] },
  { name: 'one answer', samples: simulateSamples(1, 0) },
  { name: 'one of each', samples: simulateSamples(1, 1) },
  { name: 'all correct', samples: simulateSamples(30, 0) },
  { name: 'all incorrect', samples: simulateSamples(0, 30) },
  { name: 'two correct among 104', samples: simulateSamples(2, 102) },
  {
    name: 'the same entropy everywhere',
    samples: simulateSamples(6, 6).map(sample => ({ ...sample, meanEntropyNats: 0.1 })),
  },
  {
    name: 'no doubt at all',
    samples: simulateSamples(6, 6).map(sample => ({
      ...sample,
      meanEntropyNats: 0,
      tokens: sample.tokens.map(token => ({ ...token, entropyNats: 0 })),
    })),
  },
  {
    name: 'some without doubt',
    samples: simulateSamples(40, 30).map((sample, index) => (index % 4 === 0 ? { ...sample, meanEntropyNats: 0 } : sample)),
  },
  { name: 'several answers a problem', samples: [...simulateClusters(), failedSample] },
  { name: 'more answers than points', samples: simulateSamples(2000, 1700) },
  { name: 'no tokens recorded', samples: simulateSamples(20, 20).map(sample => ({ ...sample, tokens: [] })) },
]
