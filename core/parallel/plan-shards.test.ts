import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { type ModelConfig, parseConfig } from '../model/config.ts'
import { publishedConfig, publishedConfigNames } from '../model/published-configs.ts'
import { planShards, type Range } from './plan-shards.ts'

interface Sizes {
  keyValueHeads: number
  groupSize: number
  mlp: number
  vocabulary: number
}

const configOf = ({ keyValueHeads, groupSize, mlp, vocabulary }: Sizes): ModelConfig =>
  parseConfig(
    {
      model_type: 'qwen2',
      hidden_size: keyValueHeads * groupSize * 8,
      intermediate_size: mlp,
      num_attention_heads: keyValueHeads * groupSize,
      num_key_value_heads: keyValueHeads,
      num_hidden_layers: 1,
      vocab_size: vocabulary,
    },
    'config.json',
  )

const sizes = fc.record({
  keyValueHeads: fc.integer({ min: 1, max: 16 }),
  groupSize: fc.integer({ min: 1, max: 16 }),
  mlp: fc.integer({ min: 1, max: 2000 }),
  vocabulary: fc.integer({ min: 16, max: 2000 }),
})
const ranks = fc.integer({ min: 1, max: 16 })

/** Ranges that follow one another from 0 to `size`. */
function expectPartition(ranges: Range[], size: number): void {
  let end = 0
  for (const { first, count } of ranges) {
    expect(first).toBe(end)
    expect(count).toBeGreaterThanOrEqual(0)
    end += count
  }
  expect(end).toBe(size)
}

function checkLaw(config: ModelConfig, count: number): void {
  const plan = planShards(config, count)
  const groupSize = config.heads / config.keyValueHeads
  const of = (key: 'queryHeads' | 'keyValueHeads' | 'mlp' | 'vocabulary') =>
    plan.ranks.map(shard => shard[key])
  const largest = (ranges: Range[]) => Math.max(...ranges.map(range => range.count))

  expect(plan.ranks.map(shard => shard.rank)).toEqual(Array.from({ length: count }, (_, rank) => rank))
  expectPartition(of('queryHeads'), config.heads)
  expectPartition(of('mlp'), config.intermediateSize)
  expectPartition(of('vocabulary'), config.vocabSize)

  expect(largest(of('queryHeads'))).toBe(Math.ceil(config.heads / count))
  expect(largest(of('keyValueHeads'))).toBeLessThanOrEqual(Math.ceil(config.keyValueHeads / count) + 1)
  expect(largest(of('mlp'))).toBeLessThanOrEqual(Math.ceil(config.intermediateSize / count) + 8)
  expect(largest(of('vocabulary'))).toBeLessThanOrEqual(Math.ceil(config.vocabSize / count) + 8)
  for (const { count: rows } of of('vocabulary')) expect(rows).toBeGreaterThan(0)
  if (config.intermediateSize >= count)
    for (const { count: columns } of of('mlp')) expect(columns).toBeGreaterThan(0)
  if (config.intermediateSize >= 8 * count) for (const { first } of of('mlp')) expect(first % 8).toBe(0)

  for (const { queryHeads, keyValueHeads, keyValueHeadOfQuery, groups } of plan.ranks) {
    // Of every query head the table finds the model's key-value head, and no other one is held.
    expect(keyValueHeadOfQuery.map(local => keyValueHeads.first + local)).toEqual(
      Array.from({ length: queryHeads.count }, (_, local) =>
        Math.floor((queryHeads.first + local) / groupSize),
      ),
    )
    expect(new Set(keyValueHeadOfQuery).size).toBe(keyValueHeads.count)
    expect(
      groups.flatMap(group =>
        Array.from({ length: group.queryHeads }, (_, i) => [group.firstQueryHead + i, group.keyValueHead]),
      ),
    ).toEqual([...keyValueHeadOfQuery.entries()])
  }
}

describe('planShards', () => {
  it('puts the shards of any model together to the whole, evenly', () => {
    fc.assert(fc.property(sizes, ranks, (model, count) => checkLaw(configOf(model), count)))
  })

  it('does so for the published models over 1 to 16 ranks', () => {
    for (const name of publishedConfigNames)
      for (let count = 1; count <= 16; count++) checkLaw(publishedConfig(name)!, count)
  })

  it('holds a key-value head twice only where even loads demand it', () => {
    fc.assert(
      fc.property(sizes, ranks, (model, count) => {
        const config = configOf(model)
        const { heads, keyValueHeads } = config
        const held = planShards(config, count).ranks.reduce((sum, rank) => sum + rank.keyValueHeads.count, 0)
        if (keyValueHeads % count === 0) expect(held).toBe(keyValueHeads)
        else if (count % keyValueHeads === 0) expect(held).toBe(Math.min(count, heads))
        // A boundary between ranks cuts one key-value head at most.
        else expect(held).toBeLessThan(keyValueHeads + count)
      }),
    )
  })

  it('shares each key-value head of Qwen2.5-7B between two of eight ranks, with 4 and 3 of its query heads', () => {
    const plan = planShards(publishedConfig('qwen2.5-7b')!, 8)
    expect(plan.ranks.map(rank => rank.queryHeads.count)).toEqual([4, 3, 4, 3, 4, 3, 4, 3])
    expect(plan.ranks.map(rank => rank.keyValueHeads)).toEqual(
      [0, 0, 1, 1, 2, 2, 3, 3].map(first => ({ first, count: 1 })),
    )
    expect(plan.ranks[3]).toEqual({
      rank: 3,
      queryHeads: { first: 11, count: 3 },
      keyValueHeads: { first: 1, count: 1 },
      groups: [{ keyValueHead: 0, firstQueryHead: 0, queryHeads: 3 }],
      keyValueHeadOfQuery: [0, 0, 0],
      mlp: { first: 3 * 2368, count: 2368 },
      expert: { first: 0, count: 0 },
      sharedExpert: { first: 0, count: 0 },
      vocabulary: { first: 3 * 19008, count: 19008 },
    })
  })

  it('tells uneven groups of a rank by its table', () => {
    const plan = planShards(publishedConfig('qwen2.5-7b')!, 3)
    expect(plan.ranks.map(rank => rank.queryHeads.count).sort()).toEqual([10, 9, 9])
    expect(plan.ranks[0]!.keyValueHeadOfQuery).toEqual([
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      1,
      ...(plan.ranks[0]!.queryHeads.count === 10 ? [1] : []),
    ])
  })

  it('leaves ranks without heads where there are more of them', () => {
    const plan = planShards(publishedConfig('qwen2.5-0.5b')!, 16)
    expect(plan.ranks.map(rank => rank.queryHeads.count)).toEqual([...Array(14).fill(1), 0, 0])
    expect(plan.ranks[15]).toMatchObject({
      queryHeads: { first: 14, count: 0 },
      keyValueHeads: { first: 2, count: 0 },
      groups: [],
      keyValueHeadOfQuery: [],
    })
  })

  it('cuts narrow dimensions into units that leave no rank empty', () => {
    const plan = planShards(configOf({ keyValueHeads: 1, groupSize: 1, mlp: 36, vocabulary: 36 }), 8)
    expect(plan.ranks.map(rank => rank.mlp.count)).toEqual([4, 4, 4, 4, 4, 4, 4, 8])
  })

  it.each([0, -1, 1.5, 17, Number.NaN])('refuses %s ranks', count => {
    expect(() => planShards(publishedConfig('qwen2.5-7b')!, count)).toThrow(InputError)
  })

  it('refuses ranks without a vocabulary row', () => {
    const config = configOf({ keyValueHeads: 1, groupSize: 1, mlp: 8, vocabulary: 5 })
    expect(() => planShards(config, 6)).toThrow('a vocabulary of 5 rows leaves none for some of 6 ranks')
    expect(planShards(config, 5).ranks.map(rank => rank.vocabulary.count)).toEqual([1, 1, 1, 1, 1])
  })
})
