import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelConfig } from '../model/config.ts'
import { publishedConfig } from '../model/published-configs.ts'
import { expectedTensors } from '../model/tensor-names.ts'
import { planShards } from './plan-shards.ts'
import { shardTensors } from './shard-tensors.ts'

/** A config small enough to mark every element of every tensor. */
const configs = fc
  .record({
    keyValueHeads: fc.integer({ min: 1, max: 4 }),
    groupSize: fc.integer({ min: 1, max: 7 }),
    intermediateSize: fc.integer({ min: 1, max: 80 }),
    vocabSize: fc.integer({ min: 16, max: 80 }),
    tieWordEmbeddings: fc.boolean(),
  })
  .map(
    ({ groupSize, ...sizes }): ModelConfig => ({
      ...publishedConfig('qwen2.5-0.5b')!,
      ...sizes,
      heads: sizes.keyValueHeads * groupSize,
      headDim: 4,
      hiddenSize: 12,
      layers: 1,
    }),
  )

describe('shardTensors', () => {
  it('covers every element: once, shared key-value heads and norms aside', () => {
    fc.assert(
      fc.property(configs, fc.integer({ min: 1, max: 16 }), (config, ranks) => {
        const plan = planShards(config, ranks)
        const holders = (head: number) =>
          plan.ranks.filter(({ keyValueHeads: { first, count } }) => head >= first && head < first + count)
            .length
        const shards = plan.ranks.map(({ rank }) => shardTensors(config, plan, rank))
        for (const [index, { name, shape }] of expectedTensors(config).entries()) {
          const [height = 0, width = 1] = shape
          const times = new Uint8Array(height * width)
          for (const tensors of shards) {
            const { rows, columns, ...tensor } = tensors[index]!
            expect(tensor).toEqual({ name, shape })
            expect(rows.first + rows.count).toBeLessThanOrEqual(height)
            expect(columns.first + columns.count).toBeLessThanOrEqual(width)
            for (let row = rows.first; row < rows.first + rows.count; row++)
              for (let column = columns.first; column < columns.first + columns.count; column++)
                times[row * width + column]!++
          }
          const expected = (row: number) => {
            if (/norm\.weight$/.test(name)) return ranks
            return /[kv]_proj/.test(name) ? holders(Math.floor(row / config.headDim)) : 1
          }
          expect(times, name).toEqual(times.map((_, element) => expected(Math.floor(element / width))))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('splits output and down by columns, what feeds them by the same rows', () => {
    const config = publishedConfig('qwen2.5-7b')!
    const plan = planShards(config, 8)
    const byName = new Map(shardTensors(config, plan, 1).map(tensor => [tensor.name, tensor]))
    const layer = (name: string) => byName.get(`model.layers.27.${name}`)!
    const whole = { first: 0, count: 3584 }
    expect(layer('self_attn.q_proj.weight')).toMatchObject({
      rows: { first: 512, count: 384 },
      columns: whole,
    })
    expect(layer('self_attn.o_proj.weight')).toMatchObject({
      rows: whole,
      columns: { first: 512, count: 384 },
    })
    expect(layer('self_attn.k_proj.bias')).toEqual({
      name: 'model.layers.27.self_attn.k_proj.bias',
      shape: [512],
      rows: { first: 0, count: 128 },
      columns: { first: 0, count: 1 },
    })
    expect(layer('mlp.up_proj.weight').rows).toEqual(layer('mlp.down_proj.weight').columns)
    expect(byName.get('lm_head.weight')!.rows).toEqual({ first: 19008, count: 19008 })
  })
})
