import { describe, expect, it } from 'vitest'
import {
  adapterNumber,
  fitsName,
  namesNumber,
  normalizedIdentifier,
  unnumberedName,
} from './adapter-choice.ts'

describe('names of adapters', () => {
  it('carry a number, or none', () => {
    expect(adapterNumber('NVIDIA H200 #13 of 16')).toBe(13)
    expect(adapterNumber('NVIDIA GeForce RTX 3090')).toBeNull()
    expect(unnumberedName('NVIDIA H200 #13 of 16')).toBe('NVIDIA H200')
    expect(unnumberedName('NVIDIA GeForce RTX 3090')).toBe('NVIDIA GeForce RTX 3090')
  })

  it('fit a part of a name, and a number only as a whole', () => {
    expect(fitsName('NVIDIA GeForce RTX 3090', 'RTX 30')).toBe(true)
    expect(fitsName('NVIDIA H200 #1 of 16', '#1')).toBe(true)
    expect(fitsName('NVIDIA H200 #10 of 16', '#1')).toBe(false)
    expect(fitsName('NVIDIA H200 #1 of 16', 'NVIDIA H200 #1 of 16')).toBe(true)
    expect([namesNumber('H200 #1'), namesNumber('H200'), namesNumber('auto')]).toEqual([true, false, false])
  })

  it('are normalised as WebGPU says', () => {
    expect(normalizedIdentifier('SwiftShader Device (Subzero) #3 of 8')).toBe(
      'swiftshader-device-subzero-3-of-8',
    )
    expect(normalizedIdentifier('(R) Arc™ A770')).toBe('r-arc-a770')
  })
})
