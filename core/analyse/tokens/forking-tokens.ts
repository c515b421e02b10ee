import type { TokenColumns } from '../../formats/run-columns.ts'
import { binEdge, binOfTop, createEntropyHistogram, type EntropyHistogram } from './entropy-histogram.ts'

/** A token that often stands where the model was least certain. */
export interface ForkingToken {
  id: number
  /** Null without a tokenizer. */
  text: string | null
  /** How often it was chosen among the tokens of highest entropy. */
  n: number
  /** How often it was chosen at all. */
  occurrences: number
  /** Mean entropy where it was chosen among those, nats. */
  meanEntropyNats: number
  /**
   * The likeliest other token at each of its occurrences, by the sum of its probabilities there: how often it would have
   * been expected instead. `text` is null for a token that the run never chose.
   */
  alternatives: { id: number; text: string | null; expectedCount: number }[]
}

/** The tokens of highest entropy and which tokens of the vocabulary they are. */
export interface ForkingTokens {
  /** Least entropy of the tokens of highest entropy, nats; null without tokens. */
  thresholdNats: number | null
  /** Their number, and their share of all tokens: at most a fifth, as near as a threshold in steps of 15 % allows. */
  n: number
  share: number | null
  /** Tokens that are in no row, since the run has more different ones (32,768) than are kept. */
  leftOut: number
  /** Those that are most frequent among them. */
  tokens: ForkingToken[]
}

/** Counts that grow token by token. */
export interface ForkingCounter {
  /** Adds the token at `index`; `bin` is that of its entropy. */
  add(
    tokens: Pick<
      TokenColumns,
      'tokenId' | 'tokenText' | 'logprob' | 'topIds' | 'topLogprobs' | 'entropyNats'
    >,
    index: number,
    bin: number,
  ): void
  /** The histogram holds the entropy of every token that was added. */
  finish(histogram: EntropyHistogram): ForkingTokens
}

/** Share of the tokens that count as forking: the high-entropy minority of arXiv 2506.01939. */
export const forkingShare = 0.2

const shownTokens = 20
const shownAlternatives = 3
/** Bounds of memory. */
const mostTokens = 32_768
const mostAlternatives = 64
/** An alternative that is less likely is no alternative. */
const leastProbability = 0.01

interface TokenCount {
  id: number
  text: string | null
  occurrences: number
  entropies: EntropyHistogram
  alternatives: Map<number, number>
}

/**
 * Finds forking tokens in one pass: since the threshold is known only at the end, each token keeps its own histogram.
 */
export function createForkingCounter(): ForkingCounter {
  const counts = new Map<number, TokenCount>()
  let leftOut = 0
  return {
    add({ tokenId, tokenText, logprob, topIds, topLogprobs, entropyNats }, index, bin) {
      const id = tokenId[index]!
      let count = counts.get(id)
      if (count === undefined) {
        if (counts.size >= mostTokens) {
          leftOut++
          return
        }
        const text = tokenText[index] ?? null
        count = { id, text, occurrences: 0, entropies: createEntropyHistogram(), alternatives: new Map() }
        counts.set(id, count)
      }
      count.occurrences++
      count.entropies.counts[bin]!++
      count.entropies.sums[bin]! += entropyNats[index]!
      // What is left beside the chosen token bounds the alternative.
      if (1 - Math.exp(logprob[index]!) < leastProbability) return
      const place = topIds[index]?.[0] === id ? 1 : 0
      const alternative = topIds[index]?.[place]
      const probability = Math.exp(topLogprobs[index]?.[place] ?? Number.NEGATIVE_INFINITY)
      if (alternative === undefined || probability < leastProbability) return
      const before = count.alternatives.get(alternative)
      if (before !== undefined || count.alternatives.size < mostAlternatives)
        count.alternatives.set(alternative, (before ?? 0) + probability)
    },
    finish(histogram) {
      const lowest = binOfTop(forkingShare, histogram)
      const all = sumFrom(histogram.counts, 0)
      const n = sumFrom(histogram.counts, lowest)
      const tokens = [...counts.values()]
        .map(count => ({
          count,
          n: sumFrom(count.entropies.counts, lowest),
          entropy: sumFrom(count.entropies.sums, lowest),
        }))
        .filter(row => row.n > 0)
        .sort((a, b) => b.n - a.n || a.count.id - b.count.id)
        .slice(0, shownTokens)
        .map(({ count: { id, text, occurrences, alternatives }, n, entropy }) => ({
          id,
          text,
          n,
          occurrences,
          meanEntropyNats: entropy / n,
          alternatives: [...alternatives]
            .sort((a, b) => b[1] - a[1] || a[0] - b[0])
            .slice(0, shownAlternatives)
            .map(([other, expectedCount]) => ({
              id: other,
              text: counts.get(other)?.text ?? null,
              expectedCount,
            })),
        }))
      return {
        thresholdNats: all === 0 ? null : binEdge(lowest),
        n,
        share: all === 0 ? null : n / all,
        leftOut,
        tokens,
      }
    },
  }
}

function sumFrom(values: Float64Array, first: number): number {
  let sum = 0
  for (let index = first; index < values.length; index++) sum += values[index]!
  return sum
}
