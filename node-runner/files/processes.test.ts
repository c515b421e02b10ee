import { describe, expect, it } from 'vitest'
import { hasEnded, thisProcess } from './processes.ts'

describe('hasEnded', () => {
  it('knows only processes of this machine', () => {
    const parent = thisProcess().replace(/^\d+/, `${process.ppid}`)
    expect(hasEnded(parent)).toBe(false)
    expect(hasEnded(thisProcess().replace(/^\d+/, '4194305'))).toBe(true)
    expect(hasEnded('4194305 on another host')).toBe(false)
    expect(hasEnded('no process')).toBe(false)
    expect(hasEnded(undefined)).toBe(false)
  })
})
