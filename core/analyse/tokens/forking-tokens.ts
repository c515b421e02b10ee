import type { TokenColumns } from '../../formats/run-columns.ts'
import { binEdge, binOfTop, type EntropyHistogram, entropyBin } from './entropy-histogram.ts'

/** A token that often stands where the model was least certain. */
export interface ForkingToken {
  text: string
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

/** The tokens of highest entropy and which texts they are. */
export interface ForkingTokens {
  /** Least entropy of the tokens of highest entropy, nats; null without tokens. */
  thresholdNats: number | null
  /** Their number, and their share of all tokens: as near to a fifth as a threshold to 5 % allows. */
  n: number
  share: number | null
  /** Occurrences of texts that are counted in no row, since the run has more different texts than are kept. */
  leftOut: number
  /** The texts that are most frequent among them. */
  tokens: ForkingToken[]
}

/** Counts of texts that grow token by token. */
export interface ForkingCounter {
  add(
    tokens: Pick<
      TokenColumns,
      'tokenId' | 'tokenText' | 'logprob' | 'topIds' | 'topLogprobs' | 'entropyNats'
    >,
    index: number,
  ): void
  /** The histogram holds the entropy of every token that was added. */
  finish(histogram: EntropyHistogram): ForkingTokens
}

/** Share of the tokens that count as forking: the high-entropy minority of arXiv 2506.01939. */
export const forkingShare = 0.2

const shownTokens = 20
const shownAlternatives = 3
/** Bounds of memory. */
const mostTexts = 65_536
const mostAlternatives = 64
/** An alternative that is less likely is no alternative. */
const leastProbability = 0.01

interface TextCount {
  text: string
  occurrences: number
  /** By bin of entropy, those that occur. */
  bins: Map<number, { n: number; sum: number }>
  alternatives: Map<number, number>
}

/**
 * Finds forking tokens in one pass: since the threshold is known only at the end, each text keeps its entropies by bin.
 */
export function createForkingCounter(): ForkingCounter {
  const counts = new Map<string, TextCount>()
  const textOfId = new Map<number, string>()
  let leftOut = 0
  return {
    add({ tokenId, tokenText, logprob, topIds, topLogprobs, entropyNats }, index) {
      const text = tokenText[index] ?? null
      let count = text === null ? undefined : counts.get(text)
      if (count === undefined) {
        if (text === null || counts.size >= mostTexts) {
          leftOut++
          return
        }
        count = { text, occurrences: 0, bins: new Map(), alternatives: new Map() }
        counts.set(text, count)
        textOfId.set(tokenId[index]!, text)
      }
      count.occurrences++
      const entropy = entropyNats[index]!
      const bin = entropyBin(entropy)
      const inBin = count.bins.get(bin)
      if (inBin === undefined) count.bins.set(bin, { n: 1, sum: entropy })
      else {
        inBin.n++
        inBin.sum += entropy
      }
      // What is left beside the chosen token bounds the alternative.
      if (1 - Math.exp(logprob[index]!) < leastProbability) return
      const place = topIds[index]?.[0] === tokenId[index] ? 1 : 0
      const alternative = topIds[index]?.[place]
      const probability = Math.exp(topLogprobs[index]?.[place] ?? Number.NEGATIVE_INFINITY)
      if (alternative === undefined || probability < leastProbability) return
      const before = count.alternatives.get(alternative)
      if (before !== undefined || count.alternatives.size < mostAlternatives)
        count.alternatives.set(alternative, (before ?? 0) + probability)
    },
    finish(histogram) {
      const lowest = binOfTop(forkingShare, histogram)
      const all = histogram.counts.reduce((sum, value) => sum + value, 0)
      const n = histogram.counts.subarray(lowest).reduce((sum, value) => sum + value, 0)
      const tokens = [...counts.values()]
        .map(count => {
          const above = [...count.bins].filter(([bin]) => bin >= lowest).map(([, inBin]) => inBin)
          const times = above.reduce((sum, inBin) => sum + inBin.n, 0)
          return { count, n: times, sum: above.reduce((sum, inBin) => sum + inBin.sum, 0) }
        })
        .filter(row => row.n > 0)
        .sort((a, b) => b.n - a.n || (a.count.text < b.count.text ? -1 : 1))
        .slice(0, shownTokens)
        .map(row => ({
          text: row.count.text,
          n: row.n,
          occurrences: row.count.occurrences,
          meanEntropyNats: row.sum / row.n,
          alternatives: [...row.count.alternatives]
            .sort((a, b) => b[1] - a[1] || a[0] - b[0])
            .slice(0, shownAlternatives)
            .map(([id, expectedCount]) => ({ id, text: textOfId.get(id) ?? null, expectedCount })),
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
