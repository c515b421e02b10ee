import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement, expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { kernelTolerance } from '../gpu/check.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom, viewTensor } from '../gpu/tensor.ts'
import { checkRope, prepareRope, ropeCases } from './rope.cases.ts'
import { headSquares, rope } from './rope.ts'

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
          const places = new Uint32Array(128).fill(position, 0, 1)
          const inputs = { qkv: new Float32Array(numbers), places }
          const found = await runPrepared(device, await prepareRope(device, shape), inputs, 'q')
          const rotated = Math.hypot(...new Float32Array(found.q))
          expectClose('norm', [rotated], [Math.hypot(...inputs.qkv.subarray(0, 12))], kernelTolerance)
        },
      ),
      { numRuns: 15, seed: 1 },
    )
  })

  it('has the bits of a head alone, whatever heads and rows stand beside it', async () => {
    const [wide, narrow] = [
      { rows: 3, queryHeads: 5, keyValueHeads: 2, width: 32, capacity: 9, theta: 1e4, norm: 'head' },
      { rows: 1, queryHeads: 1, keyValueHeads: 1, width: 32, capacity: 9, theta: 1e4, norm: 'head' },
    ] as const
    const random = new Random(32)
    const [qkv, weight] = [random.normals(3 * 9 * 32), random.normals(64)]
    const places = new Uint32Array(128).fill(4, 0, 3)
    const of = async (shape: typeof wide | typeof narrow, numbers: Float32Array<ArrayBuffer>) =>
      new Float32Array(
        (await runPrepared(device, await prepareRope(device, shape), { qkv: numbers, weight, places }, 'q'))
          .q,
      )
    const all = await of(wide, qkv)
    const head = (2 * 9 + 3) * 32
    const alone = new Float32Array(3 * 32)
    alone.set(qkv.subarray(head, head + 32))
    expectSameBits('queries', all.subarray((2 * 5 + 3) * 32, (2 * 5 + 4) * 32), await of(narrow, alone))
  })

  it('sums the squares of the key heads that a rank counts', async () => {
    const qkv = await tensorFrom(
      device,
      'qkv',
      [1, 16],
      Float32Array.from({ length: 16 }, (_, i) => i),
    )
    const sums = await createTensor(device, 'sums', 'f32', [1, 2])
    const recorder = new Recorder(device, 'test')
    headSquares(recorder, qkv, { width: 4, queryHeads: 1, keyHeads: { first: 1, count: 1 } }, sums)
    const [found] = await recorder.submitAndRead(sums)
    expect([...new Float32Array(found!)]).toEqual([0 + 1 + 4 + 9, 64 + 81 + 100 + 121])
  })

  it('refuses a table wider than a head, and slots of another buffer', async () => {
    const shape = { rows: 1, queryHeads: 1, keyValueHeads: 1, width: 8, capacity: 3, theta: 1e4 }
    const { tensors, record } = await prepareRope(device, shape)
    expect(() => record(new Recorder(device, 'test'))).not.toThrow()
    const { qkv, q, keys, values } = tensors
    const positions = viewTensor(tensors.places, [1])
    const table = await createTensor(device, 'table', 'f32', [3, 5, 2])
    const turns = { table, places: positions }
    const use = { qkv, q, positions, slots: positions, turns, norm: null, cache: { keys, values } }
    expect(() => rope(new Recorder(device, 'test'), use)).toThrow(
      /rope: table is \[3,5,2\], expected \[3,4,2\]/,
    )
    const slots = await createTensor(device, 'slots', 'u32', [1])
    expect(() => rope(new Recorder(device, 'test'), { ...use, slots, turns: null })).toThrow(
      /rope: slots lies elsewhere/,
    )
  })
})
