import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { prepareDemoFolder } from './demo-folder.mjs'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'entrace-demo-'))
  folder = join(root, 'runs', 'demo')
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true })
})

/** A demo that leaves its folder and ends with that exit code; whether it found an earlier one's folder. */
function demo(exitCode: number, ...flags: string[]): boolean {
  const finish = prepareDemoFolder(root, flags)
  const resumes = existsSync(folder)
  mkdirSync(folder, { recursive: true })
  finish(exitCode)
  return resumes
}

describe('prepareDemoFolder', () => {
  it('starts afresh after a finished demo', () => {
    expect(demo(0)).toBe(false)
    expect(demo(0)).toBe(false)
  })

  it.each([130, 1, 137])('resumes after exit code %i', exitCode => {
    demo(exitCode, '--limit', '12')
    expect(demo(0, '--limit', '12')).toBe(true)
  })

  it('resumes after a kill, which leaves no exit code', () => {
    prepareDemoFolder(root, [])
    mkdirSync(folder, { recursive: true })
    expect(demo(0)).toBe(true)
  })

  it('starts afresh with other flags, and after a run that could not be resumed', () => {
    demo(130, '--limit', '12')
    expect(demo(130)).toBe(false)
    expect(demo(2)).toBe(true)
    expect(demo(0)).toBe(false)
  })

  it("leaves anyone else's folder alone", () => {
    mkdirSync(folder, { recursive: true })
    expect(() => prepareDemoFolder(root, [])).toThrow(/move it elsewhere/)
    expect(existsSync(folder)).toBe(true)
  })
})
