import { mean } from '../../core/analyse/statistics/mean.ts'
import { median } from '../../core/analyse/statistics/median.ts'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import type { Stretch } from './playback.ts'

/** What is said of neighbouring tokens. */
export interface StretchStatistics {
  n: number
  /** Nats. */
  meanEntropy: number
  medianEntropy: number
  maxEntropy: number
  /** Log-probability of the whole stretch given what precedes it, nats. */
  sumLogprob: number
  meanMargin: number
  /** The stretch's part of the sum of all tokens' entropies; null where that is 0. */
  entropyShare: number | null
}

/** Statistics of the tokens of a stretch, or null of an empty one. */
export function stretchStatistics(tokens: TokenColumns, { start, end }: Stretch): StretchStatistics | null {
  const part = (column: ArrayLike<number>) => Array.prototype.slice.call(column, start, end) as number[]
  const entropies = part(tokens.entropyNats)
  if (entropies.length === 0) return null
  const all = sum(Array.from(tokens.entropyNats))
  return {
    n: entropies.length,
    meanEntropy: mean(entropies)!,
    medianEntropy: median(entropies)!,
    maxEntropy: entropies.reduce((largest, value) => Math.max(largest, value)),
    sumLogprob: sum(part(tokens.logprob)),
    meanMargin: mean(part(tokens.margin))!,
    entropyShare: all > 0 ? sum(entropies) / all : null,
  }
}

/** Mean of each token's value and of all before it. */
export function runningMeans(values: ArrayLike<number>): Float64Array {
  const means = new Float64Array(values.length)
  for (let index = 0, total = 0; index < values.length; index++) {
    total += values[index]!
    means[index] = total / (index + 1)
  }
  return means
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
