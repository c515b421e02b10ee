import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { AcceptanceReport } from '../../node-runner/acceptance/acceptance-report.ts'
import { runEntrace } from '../support/run-entrace.ts'

const temporary = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

const small = ['--adapter', 'cpu', '--seconds', '1', '--concurrency', '2', '--max-new-tokens', '3', '--quiet']

it('accepts a model over two ranks, and writes one report', async () => {
  const model = ['--model', 'test/models/random-14-heads', '--tp', '2']
  const out = join(temporary, 'accepted')
  const { exitCode, stdout, stderr } = await runEntrace(['acceptance', ...model, ...small, '--out', out])
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  expect(stdout).toContain('All checks hold.')
  const report = JSON.parse(readFileSync(join(out, 'acceptance.json'), 'utf8')) as AcceptanceReport
  expect(report.checks.map(({ name, passed }) => [name, passed])).toEqual(
    ['adapters', 'kernels', 'tokens', 'entropies', 'memory', 'all-reduce', 'speed'].map(name => [name, true]),
  )
  expect(report.comparison).toMatchObject({ tp: 2, baselineTp: 1, refused: [], wrongTokens: 0 })
  expect(report.memory).toHaveLength(2)
  expect(report.exchange!.map(({ sizeBytes }) => sizeBytes)).toContain(14336)
  expect(report.speed!.map(({ concurrency }) => concurrency)).toEqual([1, 2])
  for (const { tokensPerSecond, predictedTokensPerSecond } of report.speed!) {
    expect(tokensPerSecond).toBeGreaterThan(0)
    expect(predictedTokensPerSecond).toBeGreaterThan(0)
  }
  const markdown = readFileSync(join(out, 'acceptance.md'), 'utf8')
  for (const heading of ['Adapters', 'Kernels', 'Memory of each rank, MB', 'All-reduce', 'Speed'])
    expect(markdown).toContain(`## ${heading}`)
})

it('ends with 1 where a check fails, and says which and where to look', async () => {
  const script = ['--import', './node-runner/wgsl-loader.mjs', 'test/support/strict-acceptance.ts']
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>(resolve => {
    execFile(process.execPath, script, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }))
  })
  expect(code).toBe(1)
  const report = JSON.parse(stdout) as AcceptanceReport
  expect(report.passed).toBe(false)
  const failed = report.checks.filter(({ passed }) => !passed)
  expect(failed.map(({ name }) => name)).toEqual(['entropies', 'memory'])
  expect(failed[0]!.lookAt).not.toBe('')
})

it('refuses a model that is not there, before it looks for adapters', async () => {
  const { exitCode, stderr } = await runEntrace([
    'acceptance',
    '--model',
    join(temporary, 'none'),
    '--tp',
    '2',
  ])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('no such folder')
})

it('says in the report what is so of every kernel: no subgroup operations, no shader-f16', () => {
  const shaders = globSync('kernels/*/*.wgsl')
  expect(shaders.length).toBeGreaterThan(10)
  // A shader that uses either has to enable it.
  for (const path of shaders) expect(readFileSync(path, 'utf8'), path).not.toMatch(/^\s*enable /m)
})

it('plans with what it measures', async () => {
  const flags = [
    '--model',
    'qwen2.5-0.5b',
    '--measure',
    '--adapter',
    'cpu',
    '--adapters',
    '2',
    '--dispatch',
    '7',
  ]
  const { exitCode, stdout } = await runEntrace(['plan', ...flags, '--json'])
  expect(exitCode).toBe(0)
  const { assumptions } = JSON.parse(stdout) as {
    assumptions: { name: string; value: number; measured: boolean; given: boolean }[]
  }
  const measured = assumptions.filter(one => one.measured).map(({ name }) => name)
  expect(measured).toEqual([
    'bandwidthBytesPerSecond',
    'flopsPerSecond',
    'latencySeconds',
    'linkBytesPerSecond',
  ])
  for (const { value } of assumptions) expect(Number.isFinite(value) && value > 0).toBe(true)
  expect(assumptions.find(({ name }) => name === 'dispatchSeconds')).toMatchObject({
    value: 7e-6,
    given: true,
  })
})
