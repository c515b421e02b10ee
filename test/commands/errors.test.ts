import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const refused = ['generate', '--model', join(folder, 'none'), '--prompt-ids', '1']

describe('--debug', () => {
  it.each([
    ['before the command', ['--debug', ...refused]],
    ['after it', [...refused, '--debug']],
  ])('%s adds a stack trace', async (_, args) => {
    const { exitCode, stderr } = await runEntrace(args)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^entrace: .*no such folder.*\nInputError: .*\n {4}at .*open-model\.ts:\d+/)
  })
})

describe('an error that nobody foresaw', () => {
  // A file where a folder should be is nothing that the command looks for.
  const taken = join(folder, 'taken')
  writeFileSync(taken, '')
  const args = ['export', 'test/golden/run-0.1.0', '--format', 'openai', '--out', join(taken, 'x.jsonl')]

  it('ends with 1 and one paragraph', async () => {
    const { exitCode, stdout, stderr } = await runEntrace(args)
    expect([exitCode, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^entrace: ENOTDIR: .*\n$/)
  })
})

describe('without an adapter', () => {
  const noDriver = { VK_DRIVER_FILES: join(folder, 'no-driver.json') }

  it('a run ends with 3 and says what to install', async () => {
    const args = ['generate', '--model', 'test/models/random-tied', '--prompt-ids', '1']
    const { exitCode, stdout, stderr } = await runEntrace(args, noDriver)
    expect([exitCode, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/^entrace: no usable WebGPU adapter: .*install.*VK_DRIVER_FILES.*$/m)
    expect(stderr).not.toMatch(/\.[mt]s:\d+/)
  })

  it('doctor ends with 3 and says how to fix it', async () => {
    const { exitCode, stdout } = await runEntrace(['doctor', '--json'], noDriver)
    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      adapters: [],
      ranks: [],
      findings: [
        {
          problem: expect.stringContaining('no usable WebGPU adapter'),
          remedy: expect.stringContaining('install'),
        },
      ],
    })
  })
})

describe('a reader of standard output that goes away', () => {
  it('ends generate early, without an error', async () => {
    const source = ['--import', './node-runner/wgsl-loader.mjs', 'node-runner/entrace.ts']
    const args = [
      'generate',
      '--model',
      'test/models/random-tied',
      '--prompt-ids',
      '1',
      '--max-new-tokens',
      '500',
    ]
    const child = spawn(process.execPath, [...source, ...args, '--adapter', 'cpu'])
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += chunk))
    child.stdout.once('data', () => child.stdout.destroy())
    const exitCode = await new Promise(resolve => child.on('close', resolve))
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^loading weights .*\nCPU adapter: .*\n$/)
  })
})
