import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createPackedWeight, type WeightDType } from '../pack-weight/pack-weight.ts'
import { prepareRandomWeight, type RandomWeightShape, randomWeightCases } from './random-weight.cases.ts'
import { randomWeight, randomWeightDeviation } from './random-weight.ts'

describe('random-weight', async () => {
  const device = await testDevice()

  /** The kernel's f32 numbers, [rows, inputs], of a weight whose inputs are a multiple of 4. */
  async function numbersOf(shape: Omit<RandomWeightShape, 'outputs'>): Promise<Float32Array> {
    const { rows, inputs } = shape
    const prepared = await prepareRandomWeight(device, { ...shape, outputs: rows }, 'f32')
    const blocks = new Float32Array((await runPrepared(device, prepared, {}, 'packed')).packed)
    return Float32Array.from(
      { length: rows * inputs },
      (_, i) => blocks[(Math.floor((i % inputs) / 4) * rows + Math.floor(i / inputs)) * 4 + (i % 4)]!,
    )
  }

  it.each(randomWeightCases.checks)('has every bit of the reference and no other: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('is roughly normal, of its deviation', async () => {
    const unit = 2 ** -6
    const numbers = await numbersOf({ rows: 500, inputs: 400, unit })
    const moment = (power: number) =>
      numbers.reduce((sum, x) => sum + (x / unit / randomWeightDeviation) ** power, 0) / numbers.length
    expect(randomWeightDeviation).toBeCloseTo(36.95, 2)
    expect(moment(1)).toBeCloseTo(0, 2)
    expect(moment(2)).toBeCloseTo(1, 2)
    expect(moment(3)).toBeCloseTo(0, 1)
    // Four uniform terms have a kurtosis of 2.7.
    expect(moment(4)).toBeCloseTo(2.7, 1)
  })

  it('holds in a part what it holds in the whole', async () => {
    const whole = await numbersOf({ rows: 30, inputs: 40 })
    const part = await numbersOf({ rows: 7, inputs: 12, firstRow: 11, firstColumn: 21 })
    expect(part).toEqual(
      Float32Array.from(part, (_, i) => whole[(11 + Math.floor(i / 12)) * 40 + 21 + (i % 12)]!),
    )
  })

  it('changes with each key, and repeats no row or column', async () => {
    const size = { rows: 64, inputs: 64 }
    const first = await numbersOf(size)
    const likeness = (other: Float32Array) => first.filter((x, i) => x === other[i]).length / first.length
    // Two independent numbers are equal once in 130 times or so.
    expect(likeness(await numbersOf({ ...size, seed: 2 }))).toBeLessThan(0.02)
    expect(likeness(await numbersOf({ ...size, tensorKey: 2 }))).toBeLessThan(0.02)
    const rows = Array.from({ length: 64 }, (_, row) => first.slice(row * 64, row * 64 + 64).join())
    const columns = rows.map((_, column) => first.filter((_, i) => i % 64 === column).join())
    expect(new Set([...rows, ...columns]).size).toBe(128)
  })

  it('refuses rows that do not fit and units that are not exact', async () => {
    const recorder = new Recorder(device, 'test')
    const make = async (dtype: WeightDType) => createPackedWeight(device, 'weight', dtype, 4, 8)
    const keys = { seed: 1, tensorKey: 1 }
    const weight = await make('bf16')
    expect(() => randomWeight(recorder, weight, { ...keys, unit: 1, rows: 3, firstOutput: 2 })).toThrow(
      /3 rows, expected row 2 \+ i·1 below 4 of weight/,
    )
    for (const unit of [0, -1, 0.3, 2, 2 ** -15, Number.NaN])
      expect(() => randomWeight(recorder, weight, { ...keys, unit, rows: 3 })).toThrow(/power of two/)
  })
})
