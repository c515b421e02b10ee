import { describe, expect, it } from 'vitest'
import {
  adapterNumber,
  choiceToResume,
  fitsName,
  isPreferredCpu,
  namesNumber,
  normalizedIdentifier,
  unnumberedName,
  whyChosen,
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

describe('the CPU adapter of auto', () => {
  const swiftshader = 'google swiftshader swiftshader-device-subzero- SwiftShader driver 5.0.0'
  const lavapipe = (version: string) =>
    `mesa software llvmpipe-llvm-15-0-6-256-bits- llvmpipe: Mesa ${version} (LLVM 15.0.6) 0.0.1`

  it('is lavapipe from Mesa 25 on', () => {
    const taken = ['22.3.6', '24.3.4', '25.0.7-2~bpo12+1', '25.1.0-devel (git-0a1b2c)', '26.0.1'].filter(
      version => isPreferredCpu(lavapipe(version)),
    )
    expect(taken).toEqual(['25.0.7-2~bpo12+1', '25.1.0-devel (git-0a1b2c)', '26.0.1'])
    expect(isPreferredCpu(swiftshader)).toBe(false)
    expect(isPreferredCpu('AMD Radeon: Mesa 25.0.7 (LLVM 19.1.7) 0.0.1')).toBe(false)
  })

  it('is the one that a run was begun on', () => {
    expect(choiceToResume('auto', [swiftshader, swiftshader])).toBe('SwiftShader')
    expect(choiceToResume('auto', [lavapipe('25.0.7')])).toBe('llvmpipe')
    expect(choiceToResume('auto', ['nvidia hopper NVIDIA H200'])).toBe('auto')
    expect(choiceToResume('auto', [])).toBe('auto')
    expect(choiceToResume('cpu', [lavapipe('25.0.7')])).toBe('cpu')
  })

  it('is explained', () => {
    expect(whyChosen('auto', 'gpu', 'nvidia')).toMatch(/^auto takes a GPU/)
    expect(whyChosen('auto', 'cpu', lavapipe('25.0.7'))).toMatch(
      /takes lavapipe from Mesa 25.*never by a timing/,
    )
    expect(whyChosen('auto', 'cpu', lavapipe('24.3.4'))).toMatch(/no lavapipe from Mesa 25/)
    expect(whyChosen('auto', 'cpu', swiftshader)).toMatch(/no lavapipe from Mesa 25/)
    expect(whyChosen('cpu', 'cpu', swiftshader)).toBe('--adapter cpu asks for it')
  })
})
