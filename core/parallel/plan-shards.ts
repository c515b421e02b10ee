import { InputError } from '../input-error.ts'

/** Ranks of a tensor-parallel group at most. */
export const maximumRanks = 16

/** What of a model is divided among ranks. */
export interface DividedSizes {
  /** V: rows of the embedding and of lm_head. */
  vocabSize: number
  /** F: columns of the MLP. */
  intermediateSize: number
  /** H: query heads. */
  heads: number
  /** K: key-value heads; H is a multiple of it. */
  keyValueHeads: number
  /** Columns of each expert, and of the one that takes every row. */
  experts?: { width: number; shared: { width: number } | null } | null
}

/** Neighbouring rows, columns or heads: first, first + 1, ..., first + count − 1. */
export interface Range {
  first: number
  count: number
}

/** Neighbouring query heads of a rank that share a key-value head. All numbers count the rank's own heads from 0. */
export interface AttentionGroup {
  keyValueHead: number
  firstQueryHead: number
  queryHeads: number
}

/** What one rank of a tensor-parallel group holds and computes. Ranges count in the whole model. */
export interface RankShard {
  rank: number
  queryHeads: Range
  /** Those that its query heads read; a neighbouring rank may hold the first or last of them too. */
  keyValueHeads: Range
  /** Its query heads by the key-value head they share; counted within the rank. */
  groups: AttentionGroup[]
  /** The same as a table: of each of its query heads the key-value head, counted within the rank. */
  keyValueHeadOfQuery: number[]
  /** Columns of the MLP: rows of gate and up, columns of down. */
  mlp: Range
  /** Columns of every expert, and of the shared one; none in a model without. */
  expert: Range
  sharedExpert: Range
  /** Rows of the embedding and of lm_head. */
  vocabulary: Range
}

/** Who holds what of a model over the ranks of a tensor-parallel group. */
export interface ShardPlan {
  ranks: RankShard[]
}

/**
 * Plans a model over ranks: every query head on one rank with its key-value head, MLP columns and vocabulary rows on
 * one rank each, all as evenly as heads and 16-byte blocks allow. Throws InputError for a number of ranks that cannot
 * be served.
 */
export function planShards(sizes: DividedSizes, ranks: number): ShardPlan {
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > maximumRanks)
    throw new InputError(
      `shard plan: ${ranks} ranks, expected a whole number from 1 to ${maximumRanks}; choose another --tp`,
    )
  if (sizes.vocabSize < ranks)
    throw new InputError(
      `shard plan: a vocabulary of ${sizes.vocabSize} rows leaves none for some of ${ranks} ranks; ` +
        `choose --tp ${sizes.vocabSize} or less`,
    )
  const groupSize = sizes.heads / sizes.keyValueHeads
  const mlp = splitRange(sizes.intermediateSize, ranks)
  const expert = splitRange(sizes.experts?.width ?? 0, ranks)
  const sharedExpert = splitRange(sizes.experts?.shared?.width ?? 0, ranks)
  const vocabulary = splitRange(sizes.vocabSize, ranks)
  return {
    ranks: splitHeads(sizes.heads, groupSize, ranks).map((queryHeads, rank) => {
      const groups = attentionGroups(queryHeads, groupSize)
      return {
        rank,
        queryHeads,
        keyValueHeads: { first: Math.floor(queryHeads.first / groupSize), count: groups.length },
        groups,
        keyValueHeadOfQuery: groups.flatMap(group =>
          Array<number>(group.queryHeads).fill(group.keyValueHead),
        ),
        mlp: mlp[rank]!,
        expert: expert[rank]!,
        sharedExpert: sharedExpert[rank]!,
        vocabulary: vocabulary[rank]!,
      }
    }),
  }
}

/** The shard of a rank. Throws where the plan has no such rank. */
export function rankShard(plan: ShardPlan, rank: number): RankShard {
  const shard = plan.ranks[rank]
  if (!shard) throw new Error(`shard plan: rank ${rank}, expected one from 0 to ${plan.ranks.length - 1}`)
  return shard
}

/** A rank's key-value heads that no rank before it holds too. */
export function ownedKeyValueHeads(plan: ShardPlan, rank: number): Range {
  const { first, count } = rankShard(plan, rank).keyValueHeads
  const end = first + count
  const heldBefore = plan.ranks
    .slice(0, rank)
    .reduce((held, { keyValueHeads: k }) => (k.count > 0 ? Math.max(held, k.first + k.count) : held), 0)
  const ownFirst = Math.min(end, Math.max(first, heldBefore))
  return { first: ownFirst, count: end - ownFirst }
}

/** The range of `width` times as many elements: of head rows, given a range of heads. */
export function scaleRange(range: Range, width: number): Range {
  return { first: range.first * width, count: range.count * width }
}

/** Widest unit that a dimension is cut into: eight 16-bit weights fill the 16 bytes of a packed block. */
const widestUnit = 8

/**
 * Cuts `size` neighbouring rows or columns into one range a rank, in order. Ranges are whole units of 8 where that
 * leaves none empty, else of 4, 2 or 1, and differ by one unit at most; only the last range may end within a unit. A
 * range is empty only where there are fewer rows or columns than ranks.
 */
function splitRange(size: number, ranks: number): Range[] {
  let unit = widestUnit
  while (unit > 1 && Math.ceil(size / unit) < ranks) unit /= 2
  const units = Math.ceil(size / unit)
  const boundary = (rank: number) => Math.min(size, Math.floor((rank * units) / ranks) * unit)
  return Array.from({ length: ranks }, (_, rank) => ({
    first: boundary(rank),
    count: boundary(rank + 1) - boundary(rank),
  }))
}

/**
 * Gives every rank neighbouring query heads, in order, so that counts differ by one at most; `groupSize` of them share a
 * key-value head. Which ranks get the one more is chosen so that, first, the fewest key-value heads lie on two ranks
 * (each costs memory and work twice), and, second, the fewest ranks hold key-value heads that serve different numbers of
 * query heads. Ranks get none where there are more of them than heads.
 */
function splitHeads(heads: number, groupSize: number, ranks: number): Range[] {
  const fewer = Math.floor(heads / ranks)
  const larger = heads % ranks
  const costOf = (queryHeads: Range): number => {
    const groups = attentionGroups(queryHeads, groupSize)
    const areEven = groups.every(group => group.queryHeads === groups[0]?.queryHeads)
    return groups.length * (ranks + 1) + (areEven ? 0 : 1)
  }

  // From the last rank to the first: the cheapest split of the ranks that follow, by how many larger ones came before.
  let following: { cost: number; split: Range[] }[] = Array.from({ length: larger + 1 }, (_, before) => ({
    cost: before === larger ? 0 : Number.POSITIVE_INFINITY,
    split: [],
  }))
  for (let rank = ranks - 1; rank >= 0; rank--)
    following = following.map((_, before) => {
      const [one, none] = [1, 0].map(more => {
        const range = { first: rank * fewer + before, count: fewer + more }
        const { cost, split } = following[before + more] ?? { cost: Number.POSITIVE_INFINITY, split: [] }
        return { cost: costOf(range) + cost, split: [range, ...split] }
      })
      return one!.cost <= none!.cost ? one! : none!
    })
  return following[0]!.split
}

/** The groups of a rank that holds these query heads, where the model shares a key-value head among `groupSize`. */
function attentionGroups(queryHeads: Range, groupSize: number): AttentionGroup[] {
  const groups: AttentionGroup[] = []
  const end = queryHeads.first + queryHeads.count
  for (let head = queryHeads.first; head < end; ) {
    const next = Math.min(end, (Math.floor(head / groupSize) + 1) * groupSize)
    const firstQueryHead = head - queryHeads.first
    groups.push({ keyValueHead: groups.length, firstQueryHead, queryHeads: next - head })
    head = next
  }
  return groups
}
