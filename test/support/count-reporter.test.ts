import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

// Inside the project, so that the fixtures find vitest.
mkdirSync('.cache', { recursive: true })
const folder = mkdtempSync(resolve('.cache/count-reporter-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs vitest on one file of that text; exit code and last line of what it printed. */
async function lastLine(source: string): Promise<[number, string]> {
  writeFileSync(join(folder, 'fixture.check.ts'), `import { expect, it } from 'vitest'\n${source}`)
  writeFileSync(
    join(folder, 'vite.config.ts'),
    "export default { test: { include: ['*.check.ts'], exclude: [] } }",
  )
  const reporter = resolve('test/support/count-reporter.ts')
  const args = [resolve('node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter', reporter]
  const { code, stdout } = await promisify(execFile)(process.execPath, args).then(
    output => ({ ...output, code: 0 }),
    (error: { code: number; stdout: string }) => error,
  )
  return [code, stdout.trimEnd().split('\n').at(-1) ?? '']
}

describe('the last line of a test run', () => {
  it.each([
    ['passes', "it('a', () => {})\nit('b', () => {})", 0, '2 passed, 0 failed'],
    ['fails', "it('a', () => {})\nit('b', () => expect(1).toBe(2))", 1, '1 passed, 1 failed'],
    ['skips', "it('a', () => {})\nit.skip('b', () => {})", 0, '1 passed, 0 failed, 1 skipped'],
    ['breaks while it loads', "it('a', () => {})\nthrow new Error('broken')", 1, '0 passed, 1 failed'],
    [
      'leaves a rejection behind',
      "it('a', () => void Promise.reject(new Error('late')))",
      1,
      '1 passed, 1 failed',
    ],
  ])('is right for a file that %s', async (_, source, code, line) => {
    expect(await lastLine(source)).toEqual([code, line])
  })
})
