import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { planCommand } from './plan.ts'
import type { PlanReport } from './plan-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-plan-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<string> {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {})
  const silent = { writeErr() {} }
  try {
    await planCommand().exitOverride().configureOutput(silent).parseAsync(args, { from: 'user' })
    return out.mock.calls.flat().join('\n')
  } finally {
    vi.restoreAllMocks()
  }
}

const report = async (...args: string[]) => JSON.parse(await run(...args, '--json')) as PlanReport
const ideal = ['--dispatch', '0', '--link', '1e9', '--compute', '1e9', '--context', '1']

describe('plan', () => {
  it('says that one adapter beats eight for one sequence, and what would change that', async () => {
    const text = await run('--model', 'qwen2.5-7b', ...ideal, '--latency', '50')
    expect(text).toMatch(/^Best for one sequence: dp 8 × tp 1, 3 ms a token, 334 tokens\/s\.$/m)
    expect(text).toContain('For one sequence one adapter beats 8: 3 ms a token against 3.28 ms.')
    expect(text).toContain('would win under 45.1 µs a synchronisation; 50 µs are assumed.')
    expect(text).toMatch(/^ {2}bandwidth of its memory +4\.8 TB\/s +an H200's limit/m)
    expect(text).toMatch(/^ {2}latency of a synchronisation +50 µs +given$/m)
  })

  it('says that eight adapters beat one where exchanges are fast', async () => {
    const text = await run('--model', 'qwen2.5-7b', ...ideal, '--latency', '20', '--quiet')
    expect(text.split('\n')).toEqual([
      'Best for one sequence: dp 1 × tp 8, 1.54 ms a token, 650 tokens/s.',
      expect.stringMatching(/^Best for 64 sequences: dp /),
      'For one sequence 8 adapters beat one: 1.54 ms a token against 2.97 ms. They do under 44.6 µs a synchronisation; 20 µs are assumed.',
    ])
  })

  it('marks the meshes that do not fit', async () => {
    const flags = ['--model', 'qwen2.5-72b', '--context', '100', '--concurrency', '1', '--memory']
    const text = await run(...flags, '80')
    expect(text).toMatch(/^dp 8 × tp 1 .* does not fit$/m)
    expect(text).toMatch(/^dp 2 × tp 4 .*[^t]$/m)
    expect(text).toContain('One adapter does not hold it.')
    expect(await run(...flags, '10', '--quiet')).toMatch(/^No mesh of 8 adapters fits; use more adapters/)
  })

  it('prints a document with every mesh and, on request, every shard', async () => {
    const { meshes, best, shards, assumptions, ...rest } = await report('--model', 'qwen2.5-7b', '--tp', '8')
    expect(rest).toEqual({
      formatVersion: expect.any(String),
      model: 'qwen2.5-7b',
      family: 'qwen2',
      experts: null,
      dtype: 'bf16',
      adapters: 8,
      workload: { concurrency: 64, contextTokens: 1024 },
    })
    expect(meshes.map(({ mesh }) => mesh.tp)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(best).toEqual({ latency: { dp: 8, tp: 1 }, throughput: { dp: 8, tp: 1 } })
    expect(assumptions.every(({ given }) => !given)).toBe(true)
    expect(shards!.map(({ queryHeads }) => queryHeads.count)).toEqual([4, 3, 4, 3, 4, 3, 4, 3])
    expect(shards![7]!.tensors.at(-1)).toMatchObject({ name: 'lm_head.weight', rows: { count: 19008 } })
    expect((await report('--model', 'qwen2.5-7b')).shards).toBeNull()
  })

  it('counts the blocks of a file in GGUF as they are stored', async () => {
    const path = 'test/models/gguf/tiny-qwen2-mixed-q4_k_m.gguf'
    const { dtype, meshes } = await report('--model', path, '--adapters', '1')
    expect(dtype).toBe('q4_k, q5_0, q6_k, q8_0')
    // All of the file is weights but its header and the paddings of blocks on a device.
    const { weightBytes } = meshes[0]!.memory
    expect(weightBytes / statSync(path).size).toBeGreaterThan(0.97)
    expect(weightBytes / statSync(path).size).toBeLessThan(1.03)
  })

  it('shows what each rank holds, and which hold no head', async () => {
    const text = await run('--model', 'qwen2.5-0.5b', '--tp', '16')
    expect(text).toMatch(/^ {2}13 +13–13 \(1\) +1–1 \(1\) +3952–4255 \(304\) /m)
    expect(text).toMatch(/^ {2}15 +none +none +4560–4863 \(304\) /m)
  })

  it('counts of experts the bytes of those that rows read, and shows what of each a rank holds', async () => {
    const text = await run('--model', 'qwen3-30b-a3b', ...ideal, '--tp', '8', '--concurrency', '64')
    expect(text).toMatch(/^qwen3-30b-a3b \(qwen3_moe, 8 of 128 experts a row\), bf16, 8 adapters/m)
    expect(text).toMatch(/^ {2}7 .* 672–767 \(96\) /m)
    const { meshes } = await report('--model', 'qwen3-30b-a3b', ...ideal)
    const { oneSequence, concurrent, memory } = meshes[0]!
    // 3.3 of 30.5 billion parameters are active; beside these a token reads one row of the embedding's 0.3.
    expect(memory.weightBytes / 2).toBeCloseTo(30_532_122_624, -7)
    expect(oneSequence.cost.readBytes / 2e9).toBeCloseTo(3.04, 1)
    expect(concurrent.cost.readBytes).toBeGreaterThan(3 * oneSequence.cost.readBytes)
  })

  it('reads the config of a folder, which may lack weights, within its context', async () => {
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({
        model_type: 'qwen2',
        vocab_size: 3,
        hidden_size: 16,
        intermediate_size: 16,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        max_position_embeddings: 100,
      }),
    )
    const { meshes, workload } = await report('--model', folder)
    expect(meshes.map(({ mesh }) => mesh)).toEqual([
      { dp: 8, tp: 1 },
      { dp: 4, tp: 2 },
      { dp: 2, tp: 3 },
    ])
    expect(workload.contextTokens).toBe(100)
    await expect(run('--model', folder, '--tp', '4')).rejects.toThrow(
      'a vocabulary of 3 rows leaves none for some of 4 ranks',
    )
    await expect(run('--model', folder, '--context', '101')).rejects.toThrow('takes at most 100 tokens')
  })

  it('refuses what is no model', async () => {
    const refused = run('--model', join(folder, 'absent'))
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(
      'expected a model folder, a file in GGUF, an id of the Hub (organisation/name), or one of qwen2.5-0.5b, ',
    )
  })

  it.each([
    ['--tp', '17'],
    ['--adapters', '0'],
    ['--bandwidth', '0'],
    ['--latency', '-1'],
    ['--memory', 'much'],
  ])('refuses %s %s', async (flag, value) => {
    await expect(run('--model', 'qwen2.5-7b', flag, value)).rejects.toThrow(`'${value}' is invalid`)
  })
})
