import { expect, test } from 'vitest'
import { entropyScale } from './entropy-scale.ts'

test('values of one magnitude get a linear axis from 0', () => {
  const scale = entropyScale([0.5, 0.6, 0.9], [0, 100])
  expect(scale).toMatchObject({ kind: 'linear', belowAxis: 0 })
  expect(scale.position(0)).toBe(0)
  expect(scale.position(0.9)).toBeCloseTo(100 / 1.04, 9)
})

test('skewed values get a logarithmic one that holds them all', () => {
  const scale = entropyScale([0.0004, 0.001, 0.002, 0.09, 0.4], [0, 100])
  expect(scale.kind).toBe('log')
  expect(scale.ticks).toEqual([0.001, 0.01, 0.1])
  expect(scale.position(0.0004)).toBeGreaterThan(0)
  expect(scale.position(0.4)).toBeLessThan(100)
  // One decade is as long as another.
  expect(scale.position(0.1) - scale.position(0.01)).toBeCloseTo(
    scale.position(0.01) - scale.position(0.001),
    9,
  )
})

test('few decades are labelled at 1, 2 and 5', () => {
  expect(entropyScale([0.01, 0.01, 0.01, 0.2], [0, 100]).ticks).toEqual([0.01, 0.02, 0.05, 0.1, 0.2])
})

test('zeros and what is far too small lie at the end of a logarithmic axis, and are counted', () => {
  const scale = entropyScale([0, 1e-12, 0.01, 0.02, 0.9], [0, 100])
  expect(scale).toMatchObject({ kind: 'log', belowAxis: 2 })
  expect(scale.position(0)).toBe(0)
  expect(scale.position(1e-12)).toBe(0)
})

test('nothing but zeros, or nothing, still has an axis', () => {
  expect(entropyScale([0, 0], [0, 100]).position(1)).toBe(100)
  expect(entropyScale([], [0, 100]).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
})
