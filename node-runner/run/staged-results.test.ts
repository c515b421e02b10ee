import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { processTag, thisProcess } from '../files/processes.ts'
import { holdResults, stageResults } from './staged-results.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))

describe('holdResults', () => {
  it('lets one process in at a time, past holds that killed ones left', async () => {
    // The highest number of a process that is gone, and one that it had passed over itself.
    const gone = thisProcess().replace(/^\d+/, '4194305')
    for (const number of [3, 7]) writeFileSync(join(folder, `results.hold-${number}`), `${gone}, a`)
    const children = [0, 1, 2, 3].map(() => fork('test/support/holding-process.ts', [folder, '150']))
    expect(await Promise.all(children.map(exitOf))).toEqual([0, 0, 0, 0])
    expect(readdirSync(folder)).toEqual([])
    holdResults(folder, '', () => {
      expect(readdirSync(folder)).toEqual(['results.hold-1'])
    })
    expect(readdirSync(folder)).toEqual([])
    console.log('600 holds of four processes, one at a time')
  })
})

describe('stageResults', () => {
  it('removes what processes left that were killed, from the first moment on, and nothing of one that lives', () => {
    const tag = (pid: number) => processTag().replace(/\d+$/, String(pid))
    const [killed, living, elsewhere, forgotten, former, formerly] = [
      `results.partial-${tag(4194305)}_abcdef`,
      `results.partial-${tag(process.ppid)}_abcdef`,
      `results.partial-0123456789ab_4194305_abcdef`,
      `results.partial-0123456789ab_4194306_abcdef`,
      'results.partial-abcdef',
      'results.partial-ghijkl',
    ]
    for (const name of [killed, living, elsewhere, forgotten, former, formerly]) mkdirSync(join(folder, name))
    const longAgo = Date.now() / 1000 - 25 * 3600
    utimesSync(join(folder, forgotten), longAgo, longAgo)
    writeFileSync(join(folder, former, 'process'), thisProcess().replace(/^\d+/, '4194305'))
    writeFileSync(join(folder, formerly, 'process'), thisProcess().replace(/^\d+/, String(process.ppid)))
    const staged = stageResults(folder)
    const own = `results.partial-${processTag()}_`
    const left = readdirSync(folder).filter(name => !name.startsWith(own))
    expect(left.sort()).toEqual([living, elsewhere, formerly].sort())
    staged.discard()
    expect(readdirSync(folder).sort()).toEqual(left)
  })
})
