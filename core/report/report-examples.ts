import type { SampleRecord } from '../formats/sample-record.ts'

/** What a report shows of one answer. */
export type ExampleSample = Pick<
  SampleRecord,
  | 'problemId'
  | 'sampleIndex'
  | 'problem'
  | 'generatedText'
  | 'extractedAnswer'
  | 'expectedAnswer'
  | 'correct'
  | 'rule'
> & { meanEntropyNats: number; mostUncertain: { text: string | null; entropyNats: number }[] }

/** The answers of the least and of the most mean entropy of each verdict; null where there is none. */
export interface ReportExamples {
  leastRight: ExampleSample | null
  mostRight: ExampleSample | null
  leastWrong: ExampleSample | null
  mostWrong: ExampleSample | null
}

/** Examples that are found in one pass and keep no other sample. */
export interface ExampleCollector {
  add(sample: SampleRecord): void
  readonly examples: ReportExamples
}

const uncertainTokens = 5

/** Finds a run's examples; of equal entropies the earlier answer. */
export function createExampleCollector(): ExampleCollector {
  const examples: ReportExamples = { leastRight: null, mostRight: null, leastWrong: null, mostWrong: null }
  return {
    examples,
    add(sample) {
      const { meanEntropyNats, correct, finishReason } = sample
      if (finishReason === 'error' || meanEntropyNats === null || !Number.isFinite(meanEntropyNats)) return
      const [least, most] = correct
        ? (['leastRight', 'mostRight'] as const)
        : (['leastWrong', 'mostWrong'] as const)
      const isLess = examples[least] === null || meanEntropyNats < examples[least].meanEntropyNats
      const isMore = examples[most] === null || meanEntropyNats > examples[most].meanEntropyNats
      if (!isLess && !isMore) return
      const example = exampleOf(sample, meanEntropyNats)
      if (isLess) examples[least] = example
      if (isMore) examples[most] = example
    },
  }
}

function exampleOf(sample: SampleRecord, meanEntropyNats: number): ExampleSample {
  const { problemId, sampleIndex, problem, generatedText, extractedAnswer, expectedAnswer, correct, rule } =
    sample
  const mostUncertain = sample.tokens
    .map(({ text, entropyNats }) => ({ text, entropyNats }))
    .sort((a, b) => b.entropyNats - a.entropyNats)
    .slice(0, uncertainTokens)
  return {
    problemId,
    sampleIndex,
    problem,
    generatedText,
    extractedAnswer,
    expectedAnswer,
    correct,
    rule,
    meanEntropyNats,
    mostUncertain,
  }
}
