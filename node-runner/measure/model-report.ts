import { typesOf } from '../../core/model/checkpoint.ts'
import { familyOf } from '../../core/model/families.ts'
import { type RankRoom, rankMemory } from '../../core/model/rank-costs.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { readModelHeader } from '../models/open-model.ts'

/** What `entrace doctor --model` is asked. */
export interface ModelQuestion {
  /** A model folder, a file in GGUF, an id of the Hub, or a published name. */
  model: string
  /** What each rank makes room for; a context beyond the model's is its longest. */
  room: RankRoom
}

/** What a model is, and what each of its ranks would hold. */
export type ModelReport = Awaited<ReturnType<typeof modelReport>>

/**
 * Reads a model's header, and counts what each rank of one tensor-parallel group would allocate: one rank for each of
 * `kinds`, the kinds of their adapters. Reads no weights. Throws InputError where the model cannot be read or split so.
 */
export async function modelReport({ model, room }: ModelQuestion, kinds: readonly ('cpu' | 'gpu')[]) {
  const { config, entries } = await readModelHeader(model)
  const { types, names } = typesOf(config, entries)
  const { experts } = config
  const plan = planShards(config, kinds.length)
  const fitting = { ...room, contextTokens: Math.min(room.contextTokens, config.maxPositionEmbeddings) }
  return {
    name: model,
    family: config.family,
    /** What people know the family by. */
    models: familyOf(config.family).models,
    layers: config.layers,
    /** Types of its matrices as they are stored. */
    weightTypes: names.split(', '),
    experts: experts && {
      count: experts.count,
      perToken: experts.perToken,
      denseLayers: experts.denseLayers.length,
      shared: experts.shared !== null,
    },
    ...fitting,
    /** Bytes of each rank. */
    ranks: kinds.map((kind, rank) => ({ rank, ...rankMemory(config, plan, rank, types, fitting, kind) })),
  }
}
