import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement, expectClose } from '../../test/support/expect-close.ts'
import { kernelTolerance } from '../gpu/check.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { checkRope, prepareRope, ropeCases } from './rope.cases.ts'
import { rope, ropeTable } from './rope.ts'

describe('rope', async () => {
  const device = await testDevice()

  it.each(ropeCases.checks)(
    'agrees with float64 and writes only its own places of the cache: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('writes neighbouring positions of one slot, as a prompt does', async () => {
    const shape = { rows: 5, queryHeads: 4, keyValueHeads: 2, width: 16, capacity: 9, theta: 10_000 }
    expectAgreement(await checkRope(device, shape, [3, 4, 5, 6, 7], [2, 2, 2, 2, 2]))
  })

  it('preserves the norm of every head', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 36, maxLength: 36 }),
        fc.nat(99),
        async (numbers, position) => {
          const shape = { rows: 1, queryHeads: 1, keyValueHeads: 1, width: 12, capacity: 100, theta: 1e4 }
          const inputs = { qkv: new Float32Array(numbers), positions: new Uint32Array([position]) }
          const found = await runPrepared(device, await prepareRope(device, shape), inputs, 'q')
          const rotated = Math.hypot(...new Float32Array(found.q))
          expectClose('norm', [rotated], [Math.hypot(...inputs.qkv.subarray(0, 12))], kernelTolerance)
        },
      ),
      { numRuns: 15, seed: 1 },
    )
  })

  it('refuses a table of another width', async () => {
    const { tensors, record } = await prepareRope(device, {
      rows: 1,
      queryHeads: 1,
      keyValueHeads: 1,
      width: 8,
      capacity: 3,
      theta: 1e4,
    })
    expect(() => record(new Recorder(device, 'test'))).not.toThrow()
    const table = await createTensor(device, 'table', 'f32', [3, 5, 2])
    const use = { ...tensors, table, cache: { keys: tensors.keys, values: tensors.values } }
    expect(() => rope(new Recorder(device, 'test'), use)).toThrow(
      /rope: table is \[3,5,2\], expected \[3,4,2\]/,
    )
  })
})

describe('ropeTable', () => {
  it('holds what repeated turns by one step give in float64', () => {
    const [width, theta, positions] = [128, 1_000_000, 5000]
    const table = ropeTable(width, theta, positions)
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
    const table = ropeTable(2, 10_000, 131_072)
    // cos and sin of 131,071 radians, to 10 digits by Python's math module.
    expectClose('rope table', table.subarray(-2), [-0.8179834994, -0.5752416838], {
      absolute: 3e-8,
      relative: 0,
    })
  })
})
