/**
 * Bins of entropies, even on a logarithmic scale: below the least edge one, and above it 16 a factor of ten, so that a
 * bin is 15 % wide.
 */
const leastNats = 1e-6
export const binsPerDecade = 16
export const entropyBins = 1 + 8 * binsPerDecade

/** The bin of an entropy in nats. */
export function entropyBin(entropyNats: number): number {
  if (!(entropyNats > leastNats)) return 0
  const bin = 1 + Math.floor(Math.log10(entropyNats / leastNats) * binsPerDecade)
  return Math.min(bin, entropyBins - 1)
}

/** The least entropy of a bin, nats. */
export function binEdge(bin: number): number {
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
  const total = sums.reduce((sum, value) => sum + value, 0)
  const tokens = counts.reduce((sum, value) => sum + value, 0)
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
export function binOfTop(share: number, { counts }: EntropyHistogram): number {
  const tokens = counts.reduce((sum, value) => sum + value, 0)
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
