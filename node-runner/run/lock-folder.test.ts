import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { lockFolder } from './lock-folder.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const heldBy = (host: string, process: number | undefined) =>
  writeFileSync(join(folder, 'lock'), JSON.stringify({ host, process, startedMs: 1 }))

describe('lockFolder', () => {
  it('lets one process in at a time', () => {
    const release = lockFolder(folder)
    expect(() => lockFolder(folder)).toThrow(
      new RegExp(`process ${process.pid} on .* is writing to this run`),
    )
    release()
    expect(existsSync(join(folder, 'lock'))).toBe(false)
    lockFolder(folder)()
  })

  it('takes over from a process that is gone', () => {
    heldBy(hostname(), spawnSync(process.execPath, ['--version']).pid)
    lockFolder(folder)()
  })

  it('takes over from a process before that had the same number', () => {
    heldBy(hostname(), process.pid)
    lockFolder(folder)()
  })

  it('takes over a lock that was cut off', () => {
    writeFileSync(join(folder, 'lock'), '{"host":"')
    lockFolder(folder)()
  })

  it('cannot tell whether a process of another machine is gone, and says what to delete', () => {
    heldBy('elsewhere', 1)
    expect(() => lockFolder(folder)).toThrow(InputError)
    expect(() => lockFolder(folder)).toThrow(/on elsewhere .* If it is gone, delete .*lock$/)
  })
})
