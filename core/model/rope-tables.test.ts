import { describe, expect, it } from 'vitest'
import { expectClose } from '../../test/support/expect-close.ts'
import type { RopeConfig, RopeScaling } from './rope-config.ts'
import { hasLongTurns, ropeFrequencies, ropePlaces, ropeTable } from './rope-tables.ts'

describe('ropeTable', () => {
  it('holds what repeated turns by one step give in float64', () => {
    const [width, theta, positions] = [128, 1_000_000, 5000]
    const table = ropeTable({ width, theta, scaling: null }, positions)
    const half = width / 2
    const expected = new Float64Array(table.length)
    for (let i = 0; i < half; i++) {
      const angle = 1 / theta ** ((2 * i) / width)
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
      let [x, y] = [1, 0]
      for (let position = 0; position < positions; position++) {
        expected[(position * half + i) * 2] = x
        expected[(position * half + i) * 2 + 1] = y
        ;[x, y] = [x * cos - y * sin, x * sin + y * cos]
      }
    }
    // Half a step of f32 below 1, and what 5000 turns lose.
    expectClose('rope table', table, expected, { absolute: 3e-8 + 1e-11, relative: 0 })
  })

  it('keeps its accuracy at positions where 32-bit angles lose it', () => {
    const table = ropeTable({ width: 2, theta: 10_000, scaling: null }, 131_072)
    // cos and sin of 131,071 radians, to 10 digits by Python's math module.
    expectClose('rope table', table.subarray(-2), [-0.8179834994, -0.5752416838], {
      absolute: 3e-8,
      relative: 0,
    })
  })
})

type Scaling<Type extends RopeScaling['type']> = Extract<RopeScaling, { type: Type }>

/** inv_freq of a rope without scaling: 1 / base^(arange(0, dim, 2) / dim). */
function inverse(theta: number, dim: number): number[] {
  const even: number[] = []
  for (let i = 0; i < dim; i += 2) even.push(i)
  return even.map(i => 1 / theta ** (i / dim))
}

/** _compute_llama3_parameters of Transformers, step by step. */
function llama3Reference(theta: number, dim: number, scaling: Scaling<'llama3'>): number[] {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling
  const lowWavelength = originalContext / lowFrequencyFactor
  const highWavelength = originalContext / highFrequencyFactor
  return inverse(theta, dim).map(frequency => {
    const wavelength = (2 * Math.PI) / frequency
    if (wavelength < highWavelength) return frequency
    if (wavelength > lowWavelength) return frequency / factor
    const smooth =
      (originalContext / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return ((1 - smooth) * frequency) / factor + smooth * frequency
  })
}

/** _compute_yarn_parameters of Transformers, step by step. */
function yarnReference(theta: number, dim: number, scaling: Scaling<'yarn'>): number[] {
  const { factor, originalContext, betaFast, betaSlow, truncate } = scaling
  const correctionDim = (rotations: number) =>
    (dim * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(theta))
  let [low, high] = [correctionDim(betaFast), correctionDim(betaSlow)]
  if (truncate) [low, high] = [Math.floor(low), Math.ceil(high)]
  low = Math.max(low, 0)
  high = Math.min(high, dim - 1)
  if (low === high) high += 0.001
  return inverse(theta, dim).map((extrapolated, i) => {
    const ramp = Math.max(0, Math.min(1, (i - low) / (high - low)))
    const extrapolation = 1 - ramp
    const interpolated = 1 / (factor * theta ** ((2 * i) / dim))
    return interpolated * (1 - extrapolation) + extrapolated * extrapolation
  })
}

const llama31: Scaling<'llama3'> = {
  ...{ type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4 },
  originalContext: 8192,
}
const yarn: Scaling<'yarn'> = {
  ...{ type: 'yarn', factor: 4, originalContext: 32768, betaFast: 32, betaSlow: 1 },
  ...{ truncate: true, attentionFactor: 0.1 * Math.log(4) + 1 },
}
const long: Scaling<'longrope'> = {
  type: 'longrope',
  shortFactors: [1, 1.25, 1.5, 2],
  longFactors: [1, 4, 20, 64],
  originalContext: 5,
  attentionFactor: Math.sqrt(1 + Math.log(8) / Math.log(32)),
}

describe('ropeFrequencies', () => {
  const close = (found: number[], expected: number[]) =>
    expectClose('frequencies', found, expected, { absolute: 0, relative: 1e-13 })

  it.each([
    [500_000, 128, llama31],
    [500_000, 64, { ...llama31, factor: 32 }],
    [10_000, 12, { ...llama31, originalContext: 32 }],
  ] as const)('follows Llama 3.1: theta %d, width %d', (theta, width, scaling) => {
    const found = ropeFrequencies({ theta, width, scaling })
    close(found, llama3Reference(theta, width, scaling))
    // Kept, mixed and divided frequencies are all among them.
    const kept = found.map((frequency, i) => frequency / inverse(theta, width)[i]!)
    expect(kept.some(share => share === 1)).toBe(true)
    expect(kept.some(share => share > 1 / scaling.factor + 1e-9 && share < 1 - 1e-9)).toBe(true)
  })

  it.each([
    [1_000_000, 128, yarn],
    [1_000_000, 128, { ...yarn, truncate: false }],
    [10_000, 16, { ...yarn, originalContext: 32 }],
    [150_000, 64, { ...yarn, factor: 32, originalContext: 4096, truncate: false }],
    // Bounds that fall together.
    [10_000, 8, { ...yarn, originalContext: 4, betaFast: 1 }],
  ] as const)('follows YaRN: theta %d, width %d', (theta, width, scaling) => {
    close(ropeFrequencies({ theta, width, scaling }), yarnReference(theta, width, scaling))
  })

  it('divides by a factor, or by one a pair', () => {
    const rope = { theta: 1e6, width: 8 }
    const plain = inverse(1e6, 8)
    close(
      ropeFrequencies({ ...rope, scaling: { type: 'linear', factor: 8 } }),
      plain.map(frequency => frequency / 8),
    )
    const factors = [1, 2, 3, 32]
    const divided = plain.map((frequency, i) => frequency / factors[i]!)
    close(ropeFrequencies({ ...rope, scaling: { type: 'factors', factors } }), divided)
  })
})

describe('scaled ropeTable', () => {
  const at = (rope: RopeConfig, capacity: number, place: number) =>
    ropeTable(rope, capacity).slice(place * rope.width, (place + 1) * rope.width)
  const turned = (frequencies: number[], position: number, factor: number) =>
    frequencies.flatMap(frequency => [
      factor * Math.cos(position * frequency),
      factor * Math.sin(position * frequency),
    ])
  const tolerance = { absolute: 1e-7, relative: 0 }

  it('multiplies cos and sin by the attention factor of YaRN', () => {
    const rope = { theta: 1e4, width: 16, scaling: { ...yarn, originalContext: 32 } }
    const expected = turned(yarnReference(1e4, 16, rope.scaling), 77, 0.1 * Math.log(4) + 1)
    expectClose('place 77', at(rope, 128, 77), expected, tolerance)
  })

  it('holds the turns of short and of long sequences, one after another', () => {
    const rope = { theta: 1e4, width: 8, scaling: long }
    const divided = (factors: readonly number[]) =>
      inverse(1e4, 8).map((frequency, i) => frequency / factors[i]!)
    expect(ropePlaces(rope, 9)).toBe(18)
    const factor = long.attentionFactor
    expectClose('short', at(rope, 9, 3), turned(divided(long.shortFactors), 3, factor), tolerance)
    expectClose('long', at(rope, 9, 9 + 3), turned(divided(long.longFactors), 3, factor), tolerance)
  })

  it('holds no turns of long sequences where there is room for none', () => {
    const rope = { theta: 1e4, width: 8, scaling: long }
    expect(hasLongTurns(rope, 6)).toBe(true)
    expect(hasLongTurns(rope, 5)).toBe(false)
    expect(ropeTable(rope, 5)).toHaveLength(5 * 8)
    expect(hasLongTurns({ ...rope, scaling: yarn }, 1e6)).toBe(false)
  })
})
