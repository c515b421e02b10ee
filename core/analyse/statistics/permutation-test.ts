import type { Clusters } from './clusters.ts'
import type { ScoreOrder } from './score-order.ts'
import { shuffle } from './shuffle.ts'

/**
 * Permutation p of an AUROC against 0.5, two-sided: (b + 1)/(B + 1), b the permutations of the B whose U lies at least as far from
 * its mean as the observed one (Phipson and Smyth 2010). What is permuted are the marks of whole clusters, among the clusters
 * of equal size: with one answer a problem these are the marks of the answers; with several, the marks of a problem stay together, in
 * their order, so that the answers to a problem need not be independent. Every sample must have a score and a mark of 0 or 1.
 */
export function permutationP(
  { order, ends }: ScoreOrder,
  marks: ArrayLike<number>,
  clusters: Clusters,
  permutations: number,
  random: () => number,
): number {
  // Doubled ranks are integers, so that equal sums compare as equal.
  const doubledRanks = new Float64Array(order.length)
  let start = 0
  for (const end of ends) {
    for (let position = start; position < end; position++) doubledRanks[order[position]!] = start + 1 + end
    start = end
  }
  let totalMarked = 0
  let observed = 0
  for (let index = 0; index < order.length; index++) {
    if (!marks[index]) continue
    totalMarked++
    observed += doubledRanks[index]!
  }
  const middle = totalMarked * (order.length + 1)
  const distance = Math.abs(observed - middle)
  const blocksBySize = groupBySize(membersOf(clusters))
  const sources = blocksBySize.map(blocks => Uint32Array.from(blocks.keys()))
  let asFar = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    let sum = 0
    for (const [size, blocks] of blocksBySize.entries()) {
      const source = sources[size]!
      shuffle(source, random)
      for (let block = 0; block < blocks.length; block++) {
        const members = blocks[block]!
        const markedLike = blocks[source[block]!]!
        for (let place = 0; place < members.length; place++) {
          if (marks[markedLike[place]!]) sum += doubledRanks[members[place]!]!
        }
      }
    }
    if (Math.abs(sum - middle) >= distance) asFar++
  }
  return (asFar + 1) / (permutations + 1)
}

function membersOf(clusters: Clusters): number[][] {
  const members = Array.from({ length: clusters.count }, (): number[] => [])
  for (let index = 0; index < clusters.of.length; index++) members[clusters.of[index]!]!.push(index)
  return members
}

function groupBySize(blocks: number[][]): number[][][] {
  const bySize = new Map<number, number[][]>()
  for (const block of blocks) {
    const same = bySize.get(block.length)
    if (same) same.push(block)
    else bySize.set(block.length, [block])
  }
  return [...bySize.values()]
}
