import { type Interval, wilsonInterval } from '../analyse/statistics/wilson-interval.ts'
import type { FigureGroup } from './figure-data.ts'

/** Answers of neighbouring mean entropy: their median, nats, and the share that is correct with its Wilson interval. */
export interface AccuracyBin {
  medianEntropyNats: number
  accuracy: number
  interval: Interval
}

/** Answers a bin holds at least: with fewer, its interval spans nearly everything. */
const leastOfABin = 12
const mostBins = 10

/** Bins of about as many answers each, equal entropies in one bin; none when the answers do not fill two. */
export function accuracyBins(data: {
  groups: readonly Pick<FigureGroup, 'answerClass' | 'meanEntropies'>[]
}): AccuracyBin[] {
  const answers = data.groups
    .flatMap(({ answerClass, meanEntropies }) =>
      meanEntropies.map(entropy => ({ entropy, correct: answerClass === 'correct' })),
    )
    .sort((first, second) => first.entropy - second.entropy)
  const binCount = Math.min(mostBins, Math.floor(answers.length / leastOfABin))
  if (binCount < 2) return []
  const bins: AccuracyBin[] = []
  let start = 0
  for (let bin = 1; bin <= binCount; bin++) {
    let end = Math.round((bin * answers.length) / binCount)
    while (end < answers.length && answers[end]!.entropy === answers[end - 1]!.entropy) end++
    if (end - start < leastOfABin / 2) continue
    const members = answers.slice(start, end)
    const correct = members.filter(member => member.correct).length
    bins.push({
      medianEntropyNats: members[members.length >> 1]!.entropy,
      accuracy: correct / members.length,
      interval: wilsonInterval(correct, members.length)!,
    })
    start = end
  }
  return bins
}
