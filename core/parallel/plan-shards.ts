import { InputError } from '../input-error.ts'
import type { ModelConfig } from '../model/config.ts'
import { type AttentionGroup, attentionGroups } from './attention-groups.ts'
import { splitHeads } from './split-heads.ts'
import { type Range, splitRange } from './split-range.ts'

/** Ranks of a tensor-parallel group at most. */
export const maximumRanks = 16

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
export function planShards(config: ModelConfig, ranks: number): ShardPlan {
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > maximumRanks)
    throw new InputError(
      `shard plan: ${ranks} ranks, expected a whole number from 1 to ${maximumRanks}; choose another --tp`,
    )
  if (config.vocabSize < ranks)
    throw new InputError(
      `shard plan: a vocabulary of ${config.vocabSize} rows leaves none for some of ${ranks} ranks; ` +
        `choose --tp ${config.vocabSize} or less`,
    )
  const groupSize = config.heads / config.keyValueHeads
  const mlp = splitRange(config.intermediateSize, ranks)
  const vocabulary = splitRange(config.vocabSize, ranks)
  return {
    ranks: splitHeads(config.heads, config.keyValueHeads, ranks).map((queryHeads, rank) => {
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
