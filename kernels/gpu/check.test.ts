import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { kernelCases } from './cases.ts'
import { type Comparison, compareBits, compareClose, describeMismatch, passes, runChecks } from './check.ts'
import type { Device } from './device.ts'

describe('runChecks', async () => {
  const device = await testDevice()
  const shapes = ['first', 'second', 'third'].map(name => ({ name }))
  const casesOf = (kernel: string, check: (_: Device, shape: { name: string }) => Promise<Comparison[]>) =>
    kernelCases(kernel, shapes, { prepare: () => Promise.reject(), check }).checks

  it('checks two shapes of every kernel whatever the time, and no more than there is time for', async () => {
    const agree = async () => [compareBits('same', [1], [1])]
    const cases = [...casesOf('one', agree), ...casesOf('other', agree)]
    const results = await runChecks(device, cases, 0)
    expect(results.map(({ kernel, shape }) => `${kernel} ${shape}`)).toEqual([
      'one first',
      'other first',
      'one second',
      'other second',
    ])
    expect(await runChecks(device, cases, 10_000)).toHaveLength(6)
    expect(results.every(passes)).toBe(true)
  })

  it('reports what is off and what cannot be run, and goes on', async () => {
    const cases = casesOf('bad', async (_, { name }) => {
      if (name === 'first') throw new Error('no such shader')
      return name === 'second' ? [compareClose('sum', [1], [2], { absolute: 0.1, relative: 0 })] : []
    })
    const results = await runChecks(device, cases, 10_000)
    expect(results.map(passes)).toEqual([false, false, false])
    expect(results[0]!.error).toContain('no such shader')
    expect(results[1]!.comparisons![0]).toMatchObject({ wrong: 1, largestShare: 10 })
    expect(describeMismatch(results[1]!.comparisons![0]!)).toMatch(/sum: 1 of 1 elements are off/)
  })
})

describe('compareClose', () => {
  it('takes not-a-number for off, and says how near the rest came', () => {
    const tolerance = { absolute: 1, relative: 0 }
    expect(compareClose('x', [Number.NaN], [1], tolerance).wrong).toBe(1)
    expect(compareClose('x', [1.25, 2], [1, 2], tolerance)).toMatchObject({ wrong: 0, largestShare: 0.25 })
  })

  it('refuses another number of elements', () => {
    expect(() => compareBits('x', [1], [1, 2])).toThrow('x: 1 elements, expected 2')
  })
})
