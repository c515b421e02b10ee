import { describe, expect, it } from 'vitest'
import { assume, hardwareOf } from './hardware-assumptions.ts'

describe('assume', () => {
  it('names what is given and what is taken for granted', () => {
    const assumptions = assume({ bandwidthBytesPerSecond: 1e12 })
    expect(assumptions).toHaveLength(6)
    const find = (name: string) => assumptions.find(one => one.name === name)
    expect(find('bandwidthBytesPerSecond')).toMatchObject({ value: 1e12, given: true, reason: 'given' })
    expect(find('memoryBytes')).toMatchObject({
      value: 141e9,
      given: false,
      reason: expect.stringContaining('H200'),
    })
    expect(hardwareOf(assumptions)).toEqual({
      memoryBytes: 141e9,
      bandwidthBytesPerSecond: 1e12,
      flopsPerSecond: 67e12,
      latencySeconds: 100e-6,
      linkBytesPerSecond: 50e9,
      dispatchSeconds: 24e-6,
    })
  })

  it('keeps a given zero', () => {
    expect(hardwareOf(assume({ latencySeconds: 0 })).latencySeconds).toBe(0)
  })
})
