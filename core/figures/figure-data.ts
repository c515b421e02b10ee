import { quantileSorted } from 'd3'
import { formatNumber } from '../format-number.ts'
import type { SampleRecord } from '../record/sample.ts'
import type { TokenRecord } from '../record/token.ts'
import { entropyLabel, entropyScale, type ScoreScale, scaleTicks } from './entropy-scale.ts'
import type { AnswerClass } from './figure-theme.ts'

/** What the figure reads of a sample. A SampleRecord is one. */
export type FigureSample = Pick<SampleRecord, 'correct' | 'finishReason' | 'meanEntropyNats'> & {
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

/** The mean entropies of a class, or another score of its answers. */
export type ClassScores = Pick<FigureGroup, 'answerClass' | 'meanEntropies'>

/** What the figure of a run draws. */
export interface FigureData {
  groups: [correct: FigureGroup, incorrect: FigureGroup]
  /** Samples that are not drawn: they failed or have no mean entropy. */
  omitted: number
}

/** Begins figure data: samples are sorted by class and cut into parts as they come, and none is kept. */
export function createFigureCollector() {
  const data: FigureData = { groups: [emptyGroup('correct'), emptyGroup('incorrect')], omitted: 0 }
  return {
    data,
    add({ meanEntropyNats, finishReason, correct, tokens }: FigureSample): void {
      if (finishReason === 'error' || meanEntropyNats === null || !Number.isFinite(meanEntropyNats)) {
        data.omitted++
        return
      }
      const group = data.groups[correct ? 0 : 1]
      group.meanEntropies.push(meanEntropyNats)
      if (tokens.length === 0) return
      const entropies = tokens.map(token => token.entropyNats)
      for (let position = 0; position < positionCount; position++)
        group.entropiesAtPosition[position]!.push(entropyOfPart(entropies, position))
    },
  }
}

/** The figure data of samples, each read once. */
export function collectFigureData(samples: Iterable<FigureSample>): FigureData {
  const collector = createFigureCollector()
  for (const sample of samples) collector.add(sample)
  return collector.data
}

function emptyGroup(answerClass: AnswerClass): FigureGroup {
  const entropiesAtPosition = Array.from({ length: positionCount }, () => [])
  return { answerClass, meanEntropies: [], entropiesAtPosition }
}

/**
 * Mean of an answer's token entropies, one at least, in one of its `positionCount` parts; of an answer shorter than the
 * parts, of the token that spans it.
 */
export function entropyOfPart(entropies: ArrayLike<number>, position: number): number {
  const start = Math.floor((position * entropies.length) / positionCount)
  const end = Math.max(start + 1, Math.floor(((position + 1) * entropies.length) / positionCount))
  let sum = 0
  for (let index = start; index < end; index++) sum += entropies[index]!
  return sum / (end - start)
}

/** The quartiles of values in rising order, one at least. */
export function quartilesOf(sorted: number[]): [lower: number, middle: number, upper: number] {
  const at = (share: number) => quantileSorted(sorted, share)!
  return [at(0.25), at(0.5), at(0.75)]
}

/** The scale that every panel of mean entropies shares, over `range` pixels; `what` names it on its axis. */
export function meanEntropyScale({ groups }: FigureData, range: [number, number], what: string): ScoreScale {
  const scale = entropyScale(
    groups.flatMap(({ meanEntropies }) => meanEntropies),
    range,
  )
  return { position: scale.position, ticks: scaleTicks(scale), label: entropyLabel(what, scale) }
}

/** Why mean entropies cannot be drawn, one line per string; null when they can. The panels of them are drawn only then. */
export function missingDistribution({ groups, omitted }: FigureData): string[] | null {
  const values = groups.flatMap(({ meanEntropies }) => meanEntropies)
  if (values.length === 0 && omitted === 0) return ['No answers to draw.']
  if (values.length === 0) {
    const samples = omitted === 1 ? 'the one sample' : `all ${omitted} samples`
    return ['No answers to draw:', `${samples} failed or`, 'recorded no entropy.']
  }
  if (values.length > 1 && values.every(value => value === values[0])) {
    return [
      `All ${values.length} answers have the same mean entropy,`,
      `${formatNumber(values[0]!)} nats.`,
      'There is no distribution to draw.',
    ]
  }
  return null
}
