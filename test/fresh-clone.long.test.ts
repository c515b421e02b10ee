import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const temporary = mkdtempSync(join(tmpdir(), 'entrace-clone-'))
const clone = join(temporary, 'clone')
// As a shell has it: nothing that `npm test` tells its scripts, and a cache folder that holds nothing yet.
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  ENTRACE_CACHE: join(temporary, 'cache'),
}

beforeAll(() => run('git', ['clone', '--quiet', '.', clone]))
afterAll(() => rmSync(temporary, { recursive: true }))

/** Starts the demo; when the condition holds, interrupts npm. Resolves to npm's exit code. */
async function demo(interruptWhen?: () => boolean): Promise<number> {
  const npm = spawn('npm', ['run', '--silent', 'demo', '--', '--limit', '20'], {
    cwd: clone,
    env,
    stdio: 'ignore',
  })
  const ended = once(npm, 'exit')
  if (interruptWhen) {
    while (!interruptWhen()) await setTimeout(100)
    npm.kill('SIGINT')
  }
  const [exitCode] = await ended
  return exitCode
}

function finishedSamples(): string[] {
  try {
    return readFileSync(join(clone, 'runs/demo/samples.jsonl'), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

describe('a fresh clone', () => {
  it('installs what it needs, and prints the answer and nothing else', async () => {
    const doctor = () =>
      run('npm', ['run', '--silent', 'entrace', '--', 'doctor', '--json'], { cwd: clone, env })
    const first = await doctor()
    expect(JSON.parse(first.stdout).ranks[0]).toMatchObject({ opens: true })
    expect(first.stderr).toContain('installing the locked packages')
    const second = await doctor()
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout))
    expect(second.stderr).toBe('')
  })

  it('resumes a demo whose npm was interrupted', async () => {
    expect(await demo(() => finishedSamples().length > 0)).toBe(130)
    const kept = finishedSamples()
    expect(kept.length).toBeLessThan(20)
    expect(await demo()).toBe(0)
    expect(finishedSamples().slice(0, kept.length)).toEqual(kept)
    expect(finishedSamples()).toHaveLength(20)
  })
})
