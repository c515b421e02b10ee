import type { AnalysisSample } from '../analyse/scores/uncertainty-scores.ts'
import type { TokenRecord } from '../generate/token-record.ts'
import type { AnswerClass } from './figure-theme.ts'

/** What the figure reads of a sample. A SampleRecord is one. */
export type FigureSample = Pick<AnalysisSample, 'correct' | 'finishReason' | 'meanEntropyNats'> & {
  tokens: readonly Pick<TokenRecord, 'entropyNats'>[]
}

/** Number of equal parts into which an answer is cut to compare answers of unlike length. */
export const positionCount = 20

/** The answers of one class. */
export interface FigureGroup {
  answerClass: AnswerClass
  /** Mean entropy of each answer, nats. */
  meanEntropies: number[]
  /** For each of `positionCount` parts of the answers, the entropy of every answer there, nats. */
  entropiesAtPosition: number[][]
}

export interface FigureData {
  groups: [correct: FigureGroup, incorrect: FigureGroup]
  /** Samples that are not drawn: they failed or have no mean entropy. */
  omitted: number
}

/** Sorts the samples by class and cuts each into parts. Reads every sample once. */
export function collectFigureData(samples: Iterable<FigureSample>): FigureData {
  const groups: FigureData['groups'] = [emptyGroup('correct'), emptyGroup('incorrect')]
  let omitted = 0
  for (const sample of samples) {
    const { meanEntropyNats } = sample
    if (sample.finishReason === 'error' || meanEntropyNats === null || !Number.isFinite(meanEntropyNats)) {
      omitted++
      continue
    }
    const group = groups[sample.correct ? 0 : 1]
    group.meanEntropies.push(meanEntropyNats)
    if (sample.tokens.length === 0) continue
    for (let position = 0; position < positionCount; position++) {
      group.entropiesAtPosition[position]!.push(entropyOfPart(sample.tokens, position))
    }
  }
  return { groups, omitted }
}

function emptyGroup(answerClass: AnswerClass): FigureGroup {
  return {
    answerClass,
    meanEntropies: [],
    entropiesAtPosition: Array.from({ length: positionCount }, () => []),
  }
}

/** Mean entropy of the tokens in one part of an answer; of an answer shorter than the parts, of the token that spans it. */
function entropyOfPart(tokens: FigureSample['tokens'], position: number): number {
  const start = Math.floor((position * tokens.length) / positionCount)
  const end = Math.max(start + 1, Math.floor(((position + 1) * tokens.length) / positionCount))
  let sum = 0
  for (let index = start; index < end; index++) sum += tokens[index]!.entropyNats
  return sum / (end - start)
}
