import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'entrace-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * A process, in a group of its own, that runs the program by runNodeProgram, or as it runs the command line, and ends with its exit code. Between two looks at
 * its clock so many milliseconds pass, whatever the machine does.
 */
function startParent(
  program: string,
  tickMs = 0,
  runProgram: 'runNodeProgram' | 'runEntraceProgram' = 'runNodeProgram',
): ChildProcess & { lines: AsyncIterator<string> } {
  const programPath = join(folder, 'program.mjs')
  const parentPath = join(folder, 'parent.mjs')
  writeFileSync(programPath, program)
  writeFileSync(
    parentPath,
    `let nowMs = 1e12
Date.now = () => (nowMs += ${tickMs})
import { endOnInterrupt, ${runProgram} } from ${JSON.stringify(new URL('./run.mjs', import.meta.url).href)}
endOnInterrupt()
process.exitCode = await ${runProgram}(process.execPath, [${JSON.stringify(programPath)}], process.env)`,
  )
  const parent = spawn(process.execPath, [parentPath], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
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

describe('runEntraceProgram', () => {
  const start = (program: string, tickMs = 0) => startParent(program, tickMs, 'runEntraceProgram')

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const)(
    'keeps %s until the program says that it answers signals',
    async signal => {
      const parent = start(
        `console.log('loading')
process.stdin.once('data', () => {
  process.on('${signal}', () => { console.log('answered'); process.exit(130) })
  process.send('ready')
})`,
      )
      expect((await parent.lines.next()).value).toBe('loading\n')
      parent.kill(signal)
      parent.stdin!.write('go on')
      expect((await parent.lines.next()).value).toBe('answered\n')
      expect(await once(parent, 'exit')).toEqual([130, null])
    },
  )

  it('ends a program that is too busy to answer, when it is asked a second time', async () => {
    const parent = start(
      'for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => {}); process.send("ready"); console.log("busy"); for (;;);',
      1000,
    )
    await parent.lines.next()
    parent.kill('SIGTERM')
    // Another one, since two of a kind would be one until the first has been taken.
    parent.kill('SIGINT')
    expect(await once(parent, 'exit')).toEqual([130, null])
  })

  it('has the exit code of an interrupted run where a signal ended the program, and of the program otherwise', async () => {
    expect(
      await once(start('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)'), 'exit'),
    ).toEqual([130, null])
    expect(
      await once(start('process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)'), 'exit'),
    ).toEqual([137, null])
    expect(await once(start('process.exit(7)'), 'exit')).toEqual([7, null])
  })
})

describe('endOnInterrupt', () => {
  it('ends a process that runs no program with a word', async () => {
    const script = join(folder, 'alone.mjs')
    writeFileSync(
      script,
      `import { endOnInterrupt } from ${JSON.stringify(new URL('./run.mjs', import.meta.url).href)}
endOnInterrupt(); console.log('ready'); setInterval(() => {}, 1000)`,
    )
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    const [text] = await once(child.stderr, 'data')
    expect(`${text}`).toBe('entrace: interrupted before the command began; run it again\n')
    expect(await once(child, 'exit')).toEqual([130, null])
  })
})
