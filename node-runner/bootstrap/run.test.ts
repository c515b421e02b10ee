import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'entrace-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * A process, in a group of its own, that runs the program by runNodeProgram and ends with its exit code. Between two looks at
 * its clock so many milliseconds pass, whatever the machine does.
 */
function startParent(program: string, tickMs = 0): ChildProcess & { lines: AsyncIterator<string> } {
  const programPath = join(folder, 'program.mjs')
  const parentPath = join(folder, 'parent.mjs')
  writeFileSync(programPath, program)
  writeFileSync(
    parentPath,
    `let nowMs = 1e12
Date.now = () => (nowMs += ${tickMs})
import { runNodeProgram } from ${JSON.stringify(new URL('./run.mjs', import.meta.url).href)}
process.exitCode = await runNodeProgram(process.execPath, [${JSON.stringify(programPath)}], process.env)`,
  )
  const parent = spawn(process.execPath, [parentPath], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  parent.stdout.setEncoding('utf8')
  return Object.assign(parent, { lines: parent.stdout[Symbol.asyncIterator]() })
}

const countInterrupts = `let count = 0
process.on('SIGINT', () => {
  count++
  setTimeout(() => { console.log('interrupts: ' + count); process.exit(130) }, 300)
})
console.log('ready')
setInterval(() => {}, 1000)`

describe('runNodeProgram', () => {
  it.each([
    ['by the terminal and by npm', (parent: ChildProcess) => [parent.kill('SIGINT'), parent.kill('SIGINT')]],
    ['to the whole group', (parent: ChildProcess) => process.kill(-parent.pid!, 'SIGINT')],
  ])('passes an interrupt on once when it is sent %s', async (_, interrupt) => {
    const parent = startParent(countInterrupts)
    expect((await parent.lines.next()).value).toBe('ready\n')
    interrupt(parent)
    expect((await parent.lines.next()).value).toBe('interrupts: 1\n')
    expect(await once(parent, 'exit')).toEqual([130, null])
  })

  it('passes a later interrupt on again', async () => {
    const parent = startParent(
      `let count = 0
process.on('SIGINT', () => console.log('interrupts: ' + ++count))
console.log('ready')
setInterval(() => {}, 1000)`,
      1000,
    )
    await parent.lines.next()
    parent.kill('SIGINT')
    expect((await parent.lines.next()).value).toBe('interrupts: 1\n')
    parent.kill('SIGINT')
    expect((await parent.lines.next()).value).toBe('interrupts: 2\n')
    parent.kill('SIGKILL')
  })

  it.each([
    ['process.exit(7)', 7],
    ['process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', 143],
    ['1', 0],
  ])('ends as the program does: %s', async (program, exitCode) => {
    expect(await once(startParent(program), 'exit')).toEqual([exitCode, null])
  })

  it('takes the program along when it is killed', async () => {
    const parent = startParent('console.log("ready"); setInterval(() => {}, 1000)')
    await parent.lines.next()
    parent.kill('SIGKILL')
    // The pipe ends when its last writer, the program, is gone.
    expect((await parent.lines.next()).done).toBe(true)
  })
})
