import type { TokenColumns } from '../../record/token.ts'
import type { TokenFindings } from '../findings.ts'

/**
 * Bins of entropies, even on a logarithmic scale: below the least edge one, and above it 16 a factor of ten, so that a
 * bin is 15 % wide.
 */
const leastNats = 1e-6
export const binsPerDecade = 16
const entropyBins = 1 + 8 * binsPerDecade

/** The bin of an entropy in nats. */
export function entropyBin(entropyNats: number): number {
  if (!(entropyNats > leastNats)) return 0
  const bin = 1 + Math.floor(Math.log10(entropyNats / leastNats) * binsPerDecade)
  return Math.min(bin, entropyBins - 1)
}

function binEdge(bin: number): number {
  return bin === 0 ? 0 : leastNats * 10 ** ((bin - 1) / binsPerDecade)
}

/** Counts and sums of entropies by bin. */
export interface EntropyHistogram {
  counts: Float64Array
  sums: Float64Array
}

/** Of nothing yet. */
export function createEntropyHistogram(): EntropyHistogram {
  return { counts: new Float64Array(entropyBins), sums: new Float64Array(entropyBins) }
}

/**
 * The least share of tokens that carry a share of all entropy, the tokens with the most entropy first. Exact at the edges
 * of bins, interpolated inside of one as if all of its tokens were alike. Null where there is no entropy.
 */
export function shareOfTokensThatCarry(
  entropyShare: number,
  { counts, sums }: EntropyHistogram,
): number | null {
  const [total, tokens] = [sum(sums), sum(counts)]
  if (total <= 0) return null
  let missing = entropyShare * total
  let taken = 0
  for (let bin = entropyBins - 1; bin >= 0; bin--) {
    const inBin = sums[bin]!
    if (inBin >= missing) return (taken + (counts[bin]! * missing) / (inBin || 1)) / tokens
    missing -= inBin
    taken += counts[bin]!
  }
  return 1
}

/**
 * The lowest bin so that the tokens from it on are at most `share` of all; where even the highest bin that is not empty
 * has more, that one. One past the last bin without tokens.
 */
function binOfTop(share: number, { counts }: EntropyHistogram): number {
  const tokens = sum(counts)
  let taken = 0
  let lowest = entropyBins
  for (let bin = entropyBins - 1; bin >= 0; bin--) {
    if (counts[bin] === 0) continue
    if (lowest < entropyBins && taken + counts[bin]! > share * tokens) break
    taken += counts[bin]!
    lowest = bin
  }
  return lowest
}

/** The columns of tokens that the findings read. */
export type FindingsTokens = Pick<
  TokenColumns,
  'tokenId' | 'tokenText' | 'entropyNats' | 'logprob' | 'topIds' | 'topLogprobs'
>

/** Share of the tokens that count as forking: the high-entropy minority of arXiv 2506.01939. */
const forkingShare = 0.2

const shownTokens = 20
const shownAlternatives = 3
/** Bounds of memory. */
const mostTokens = 32_768
const mostAlternatives = 64
/** An alternative that is less likely is no alternative. */
const leastProbability = 0.01

interface TokenRow {
  id: number
  text: string | null
  /** Number of its row in the table of entropies. */
  row: number
  alternatives: Map<number, number>
}

/** Numbers of a row of the table: count and sum of each bin, side by side so that adding touches memory once. */
const rowLength = 2 * entropyBins

/**
 * Finds forking tokens in one pass: since the threshold is known only at the end, each token keeps its own histogram, all
 * of them in one table.
 */
export function createForkingCounter() {
  const rows = new Map<number, TokenRow>()
  let table = new Float64Array(256 * rowLength)
  let leftOut = 0

  function createRow(id: number, text: string | null): TokenRow {
    const created = { id, text, row: rows.size, alternatives: new Map() }
    rows.set(id, created)
    if (rows.size * rowLength > table.length) {
      const larger = new Float64Array(2 * table.length)
      larger.set(table)
      table = larger
    }
    return created
  }

  return {
    /** Adds the token at `index`; `bin` is that of its entropy. */
    add(tokens: FindingsTokens, index: number, bin: number): void {
      const { tokenId, tokenText, logprob, topIds, topLogprobs, entropyNats } = tokens
      const id = tokenId[index]!
      let token = rows.get(id)
      if (token === undefined) {
        if (rows.size >= mostTokens) {
          leftOut++
          return
        }
        token = createRow(id, tokenText[index] ?? null)
      }
      const cell = token.row * rowLength + 2 * bin
      table[cell]!++
      table[cell + 1]! += entropyNats[index]!
      // What is left beside the chosen token bounds the alternative.
      if (1 - Math.exp(logprob[index]!) < leastProbability) return
      const place = topIds[index]?.[0] === id ? 1 : 0
      const alternative = topIds[index]?.[place]
      const probability = Math.exp(topLogprobs[index]?.[place] ?? Number.NEGATIVE_INFINITY)
      if (alternative === undefined || probability < leastProbability) return
      const before = token.alternatives.get(alternative)
      if (before !== undefined || token.alternatives.size < mostAlternatives)
        token.alternatives.set(alternative, (before ?? 0) + probability)
    },

    /** The histogram holds the entropy of every token that was added. */
    finish(histogram: EntropyHistogram): TokenFindings['forking'] {
      const lowest = binOfTop(forkingShare, histogram)
      const all = sum(histogram.counts)
      const n = sum(histogram.counts.subarray(lowest))
      const tokens = Array.from(rows.values(), token => {
        const found = { token, n: 0, occurrences: 0, entropy: 0 }
        for (let bin = 0; bin < entropyBins; bin++) {
          const cell = token.row * rowLength + 2 * bin
          found.occurrences += table[cell]!
          if (bin < lowest) continue
          found.n += table[cell]!
          found.entropy += table[cell + 1]!
        }
        return found
      })
        .filter(found => found.n > 0)
        .sort((a, b) => b.n - a.n || a.token.id - b.token.id)
        .slice(0, shownTokens)
        .map(({ token: { id, text, alternatives }, n, occurrences, entropy }) => ({
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
              text: rows.get(other)?.text ?? null,
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

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
