import { describe, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { allBenches } from '../../kernels/all-cases.ts'
import {
  type BenchedHost,
  type BenchedModel,
  type BenchReport,
  benchCommand,
  renderBenchReport,
  selectCases,
} from './bench.ts'

const adapterFlags = ['--adapter', process.env.ENTRACE_TEST_ADAPTER ?? 'cpu']

/** Runs the command and gives what it printed on each stream. */
async function run(...args: string[]): Promise<{ out: string; progress: string[] }> {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {})
  const progress = vi.spyOn(console, 'error').mockImplementation(() => {})
  await benchCommand().parseAsync(args, { from: 'user' })
  const printed = { out: out.mock.calls.flat().join('\n'), progress: progress.mock.calls.flat() }
  vi.restoreAllMocks()
  return printed
}

describe('bench', () => {
  it('prints one JSON document, and progress apart from it', async () => {
    const { out, progress } = await run(...adapterFlags, '--kernel', 'add', '--rounds', '3', '--json')
    const report = JSON.parse(out) as BenchReport
    expect(Object.keys(report)).toEqual(['formatVersion', 'adapter', 'kind', 'clock', 'results'])
    const shapes = allBenches.filter(({ kernel }) => kernel === 'add').map(({ shape }) => shape)
    expect(report.results.map(({ shape }) => shape)).toEqual(shapes)
    for (const result of report.results) {
      const { kernel, variant, shape, ...numbers } = result
      expect([kernel, variant]).toEqual(['add', null])
      for (const [field, value] of Object.entries(numbers))
        expect(value, `${shape}: ${field}`).toBeGreaterThan(0)
      expect(result.medianMs).toBeGreaterThanOrEqual(result.minMs)
      expect(result.medianMs).toBeLessThanOrEqual(result.maxMs)
      expect(result.rounds).toBe(3)
    }
    expect(progress).toEqual([`add: ${shapes.length} cases (kernel 1 of 1)`])
  })

  it('times the variants that suit the adapter, all of them on request', async () => {
    const variantsOf = async (...flags: string[]) => {
      const { out, progress } = await run(
        ...adapterFlags,
        '--kernel',
        'rms-norm',
        '--rounds',
        '1',
        '--json',
        '--quiet',
        ...flags,
      )
      expect(progress).toEqual([])
      const { kind, results } = JSON.parse(out) as BenchReport
      return { kind, variants: [...new Set(results.map(({ variant }) => variant))] }
    }
    const { kind, variants } = await variantsOf()
    expect(variants).toEqual(kind === 'cpu' ? ['serial'] : ['parallel'])
    expect((await variantsOf('--all-variants')).variants).toEqual(['parallel', 'serial'])
  })

  it("measures the host's cost of a step of one row and of 64, with the same calls of Dawn in a bare loop", async () => {
    const { out } = await run('--host', '--rounds', '1', '--json')
    const { layers, costs } = JSON.parse(out) as BenchedHost
    expect(costs.map(({ rows }) => rows)).toEqual([1, 64])
    for (const { step, dawn, ratio, dispatches, submits, synchronisations, calls } of costs) {
      expect(Math.min(step.medianMs, dawn.medianMs)).toBeGreaterThan(0)
      expect(ratio).toBe(step.medianMs / dawn.medianMs)
      expect([submits, synchronisations]).toEqual([1, 1])
      // A dispatch takes a call for itself, and one for its pipeline or bind group where it is another than before.
      expect(calls).toBeGreaterThan(2 * dispatches)
      expect(dispatches).toBeGreaterThan(layers)
    }
  })

  it('measures a model: its start, its first tokens and those that follow, what they take, and their record', async () => {
    const folder = 'test/models/random-tied'
    const tokens = ['--prompt-tokens', '3', '--new-tokens', '4', '--rounds', '1', '--sequences', '1', '3']
    const { out, progress } = await run(...adapterFlags, '--model', folder, ...tokens, '--json')
    const { startUp, speeds, records } = JSON.parse(out) as BenchedModel
    const { readMs, uploadMs, compileMs, totalMs } = startUp
    expect(Math.min(readMs, uploadMs, compileMs)).toBeGreaterThan(0)
    expect(totalMs).toBeGreaterThanOrEqual(compileMs)
    expect(progress.slice(1)).toEqual([
      '1 at once (round 1 of 1)',
      '3 at once (round 1 of 1)',
      'record of a token',
    ])
    for (const [
      at,
      { sequences, firstToken, betweenTokens, tokensPerSecond, perToken },
    ] of speeds.entries()) {
      expect(sequences).toBe([1, 3][at])
      expect(firstToken.rounds).toBe(sequences)
      expect(betweenTokens.rounds).toBe(4 * sequences)
      expect(tokensPerSecond).toBeGreaterThan(0)
      // One step decodes a token of every sequence.
      expect(perToken.submits).toBe(1 / sequences)
      expect(perToken.synchronisations).toBe(1 / sequences)
      expect(perToken.downloadedBytes).toBeGreaterThan(0)
    }
    expect(records.map(({ rows }) => rows)).toEqual([1, 3])
  })

  it.each([
    [['--host', '--model', 'x'], /--host and --model are two measurements/],
    [['--host', '--kernel', 'add'], /--kernel is for the measurement of kernels/],
    [['--new-tokens', '4'], /--new-tokens is for the measurement of a model, expected --model/],
  ])('refuses %s', async (flags, message) => {
    await expect(run(...flags)).rejects.toThrow(message)
  })

  it('refuses a kernel that does not exist, naming those that do', () => {
    expect(() => selectCases(allBenches, ['add', 'matmul'])).toThrow(InputError)
    expect(() => selectCases(allBenches, ['matmul'])).toThrow(/--kernel matmul: no such kernel.*linear, rope/)
  })
})

describe('renderBenchReport', () => {
  it('aligns its columns and says which clock was used', () => {
    const result = {
      kernel: 'add',
      variant: null,
      shape: 'odd',
      rounds: 5,
      repeats: 2,
      medianMs: 1.23456,
      lowerQuartileMs: 1,
      upperQuartileMs: 2,
      minMs: 0.5,
      maxMs: 3,
      gigabytesPerSecond: 12.345,
      gigaflopsPerSecond: 0,
    }
    const text = renderBenchReport({
      formatVersion: '1.0',
      adapter: 'some adapter',
      kind: 'gpu',
      clock: 'wall',
      results: [result, { ...result, variant: 'serial', gigaflopsPerSecond: 1000 }],
    })
    expect(text.split('\n')).toEqual([
      "some adapter; times by the host's clock around submit and wait",
      '',
      'kernel  shape  variant  median ms  quartiles ms  rounds  GB/s  GFLOP/s',
      'add     odd                  1.23           1–2     5×2  12.3',
      'add     odd    serial        1.23           1–2     5×2  12.3     1000',
    ])
  })
})
