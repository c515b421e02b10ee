import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('grade', () => {
  it('prints one verdict as JSON', async () => {
    const { exitCode, stdout, stderr } = await runEntrace([
      ...['grade', '--answer', 'So \\boxed{\\frac{1}{2}}.', '--expected', '0.5', '--json'],
    ])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({ extracted: '\\frac{1}{2}', equal: true, rule: expect.any(String) })
  })

  it('prints a list of verdicts for a file of pairs', async () => {
    const pairs = join(folder, 'pairs.jsonl')
    const rows = [
      { answer: 'The answer is 12.', expected: '12' },
      { answer: '#### 13', expected: '12' },
      { answer: '', expected: '12' },
    ]
    writeFileSync(pairs, rows.map(row => `${JSON.stringify(row)}\r\n`).join(''))
    const { exitCode, stdout, stderr } = await runEntrace(['grade', '--pairs', pairs, '--json'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject([
      { extracted: '12', equal: true },
      { extracted: '13', equal: false },
      { extracted: null, equal: false },
    ])
  })

  it('compares what only values show', async () => {
    const { exitCode, stdout, stderr } = await runEntrace([
      ...['grade', '--answer', '\\boxed{\\sin^2 x + \\cos^2 x}', '--expected', '1', '--json'],
    ])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      equal: true,
      rule: expect.stringMatching(/^boxed, equal numerically at \d+ points$/),
    })
  })

  it('prints a line for people, and nothing with --quiet', async () => {
    const pair = ['grade', '--answer', '\\boxed{3}', '--expected', '4']
    expect((await runEntrace(pair)).stdout).toMatch(/^not equal: 3 \(.+\)\n$/)
    expect(await runEntrace([...pair, '--quiet'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
  })
})
