import { areEven, attentionGroups } from './attention-groups.ts'
import type { Range } from './split-range.ts'

/** Query heads of the ranks from some rank on. */
interface Split {
  cost: number
  counts: number[]
}

/**
 * Gives every rank neighbouring query heads, in order, so that counts differ by one at most. Which ranks get the one
 * more is chosen so that, first, the fewest key-value heads lie on two ranks (each costs memory and work twice), and,
 * second, the fewest ranks hold key-value heads that serve different numbers of query heads. Ranks get none where
 * there are more of them than heads.
 */
export function splitHeads(heads: number, keyValueHeads: number, ranks: number): Range[] {
  const groupSize = heads / keyValueHeads
  const fewer = Math.floor(heads / ranks)
  const larger = heads % ranks
  const costOf = (queryHeads: Range): number => {
    const groups = attentionGroups(queryHeads, groupSize)
    return groups.length * (ranks + 1) + (areEven(groups) ? 0 : 1)
  }

  // From the last rank to the first: the cheapest split of the ranks that follow, by how many larger ones came before.
  let following: (Split | null)[] = Array.from({ length: larger + 1 }, (_, before) =>
    before === larger ? { cost: 0, counts: [] } : null,
  )
  for (let rank = ranks - 1; rank >= 0; rank--) {
    following = following.map((_, before) => {
      const first = rank * fewer + before
      const splits = [1, 0].flatMap(more => {
        const rest = following[before + more]
        if (!rest) return []
        const count = fewer + more
        return { cost: costOf({ first, count }) + rest.cost, counts: [count, ...rest.counts] }
      })
      return splits.reduce<Split | null>(
        (best, split) => (best && best.cost <= split.cost ? best : split),
        null,
      )
    })
  }
  let first = 0
  return (following[0]?.counts ?? []).map(count => {
    const range = { first, count }
    first += count
    return range
  })
}
