import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { thisProcess } from '../files/processes.ts'
import { holdResults } from './staged-results.ts'

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
