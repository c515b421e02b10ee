import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement, expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Recorder } from '../gpu/recorder.ts'
import {
  type AttentionShape,
  attentionCases,
  attentionInputs,
  attentionShapes,
  attentionVariants,
  prepareAttention,
} from './attention.cases.ts'

describe('attention', async () => {
  const device = await testDevice()

  const shapeOf = (wanted: string) => attentionShapes.find(({ name }) => name === wanted)!

  async function run(
    shape: AttentionShape,
    inputs: ReturnType<typeof attentionInputs>,
    variant: (typeof attentionVariants)[number],
    rows?: number[],
  ) {
    const { heads, width } = shape
    const chosen = rows ?? shape.positions.map((_, row) => row)
    const q = chosen.flatMap(row => [...inputs.q.subarray(row * heads * width, (row + 1) * heads * width)])
    const positions = chosen.map(row => shape.positions[row]!)
    const slotCount = shape.positions.length
    const prepared = await prepareAttention(device, { ...shape, positions, slotCount }, variant)
    const slots = new Uint32Array(chosen.map(row => inputs.slots[row]!))
    const used = { q: new Float32Array(q), keys: inputs.keys, values: inputs.values, slots }
    const { out } = await runPrepared(device, prepared, used, 'out')
    return new Float32Array(out)
  }

  it.each(attentionCases.checks)('$variant agrees with float64: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  for (const variant of attentionVariants) {
    it(`${variant}: large scores stay finite`, async () => {
      const shape = shapeOf('0.5B heads')
      const inputs = attentionInputs(shape, 3000)
      const found = await run(shape, inputs, variant)
      // Scores of ±1e4 carry a rounding error of 1e-3 each, and so do the weights; a masked or overflowing score would show.
      expectClose(`attention ${variant}, large scores`, found, inputs.expected, {
        absolute: 2e-2,
        relative: 0,
      })
    })

    it.each(['0.5B heads', 'windows'])(
      `${variant}: a row's bits do not depend on its company: %s`,
      async name => {
        const shape = shapeOf(name)
        const inputs = attentionInputs(shape, 1)
        const together = await run(shape, inputs, variant)
        const rowElements = shape.heads * shape.width
        for (const row of shape.positions.keys())
          expectSameBits(
            `attention ${variant}, row ${row} alone`,
            await run(shape, inputs, variant, [row]),
            together.slice(row * rowElements, (row + 1) * rowElements),
          )
      },
    )

    it(`${variant}: bits are those of a cache of all positions, whatever lies outside of windows`, async () => {
      const ring = {
        ...shapeOf('windows'),
        capacity: 203,
        positions: [139, 140, 202, 203, 269, 406],
        window: 140,
      }
      const whole = { ...ring, capacity: 407 }
      const inputs = attentionInputs(ring, 1)
      const { heads, keyValueHeads, width, positions, window } = ring
      const unknown = new Float32Array(positions.length * keyValueHeads * whole.capacity * width).fill(
        Number.NaN,
      )
      const all = { ...inputs, keys: unknown, values: unknown.slice() }
      for (const [row, position] of positions.entries())
        for (let j = Math.max(0, position + 1 - window); j <= position; j++)
          for (let head = 0; head < keyValueHeads; head++)
            for (let d = 0; d < width; d++) {
              const cacheHead = inputs.slots[row]! * keyValueHeads + head
              const value = (capacity: number) => (cacheHead * capacity + (j % capacity)) * width + d
              const key = (capacity: number) =>
                ((cacheHead * (width / 4) + (d >> 2)) * capacity + (j % capacity)) * 4 + (d & 3)
              all.keys[key(whole.capacity)] = inputs.keys[key(ring.capacity)]!
              all.values[value(whole.capacity)] = inputs.values[value(ring.capacity)]!
            }
      const found = await run(ring, inputs, variant)
      expect(found).toHaveLength(positions.length * heads * width)
      expectSameBits(`attention ${variant}, all positions`, await run(whole, all, variant), found)
    })

    it(`${variant}: over one key returns its value`, async () => {
      const shape = { heads: 6, keyValueHeads: 2, width: 8, capacity: 3, positions: [0] }
      const number = fc.float({ min: -1000, max: 1000, noNaN: true })
      await fc.assert(
        fc.asyncProperty(
          fc.array(number, { minLength: 48, maxLength: 48 }),
          fc.array(number, { minLength: 48, maxLength: 48 }),
          async (queries, values) => {
            const prepared = await prepareAttention(device, shape, variant)
            const inputs = { q: new Float32Array(queries), values: new Float32Array(values) }
            const { out } = await runPrepared(device, prepared, inputs, 'out')
            const expected = Array.from({ length: 48 }, (_, i) => {
              const keyValueHead = Math.floor(i / 8 / 3)
              return inputs.values[keyValueHead * 3 * 8 + (i % 8)]!
            })
            expectClose('value', new Float32Array(out), expected, { absolute: 1e-6, relative: 1e-6 })
          },
        ),
        { numRuns: 15, seed: 1 },
      )
    })

    it(`${variant}: refuses a width above 256, and a position beyond the cache`, async () => {
      const shape = { heads: 2, keyValueHeads: 1, width: 8, capacity: 3, positions: [3] }
      const { record } = await prepareAttention(device, shape, variant)
      expect(() => record(new Recorder(device, 'test'))).toThrow(/position 3; expected .* capacity of 3/)
      const narrow = await prepareAttention(
        device,
        { ...shape, capacity: 64, positions: [64], window: 65 },
        variant,
      )
      expect(() => narrow.record(new Recorder(device, 'test'))).toThrow(/capacity of the window of 65/)
      const odd = await prepareAttention(device, { ...shape, width: 260, positions: [0] }, variant)
      expect(() => odd.record(new Recorder(device, 'test'))).toThrow(/width 260.* multiple of 4 up to 256/)
    })
  }
})
