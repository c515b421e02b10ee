import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { Random } from '../../test/support/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { attentionReference, attentionShapes } from './attention.reference.ts'
import { type Attention, attention, createAttentionScratch } from './attention.ts'

type Shape = (typeof attentionShapes)[number]

/** Inputs as the kernel wants them, and as plain rows for the reference. */
function makeInputs({ heads, keyValueHeads, width, capacity, positions }: Shape, scale: number) {
  const random = new Random(3)
  const slots = positions.length
  const q = random.normals(slots * heads * width, scale)
  const keys = random.normals(slots * keyValueHeads * width * capacity)
  const values = random.normals(slots * keyValueHeads * capacity * width)
  const keyAt = (cacheHead: number, position: number) =>
    Array.from(
      { length: width },
      (_, d) => keys[((cacheHead * (width / 4) + (d >> 2)) * capacity + position) * 4 + (d & 3)]!,
    )
  const valueAt = (cacheHead: number, position: number) =>
    values.subarray((cacheHead * capacity + position) * width, (cacheHead * capacity + position + 1) * width)
  // Rows use the slots in reverse, so that a mix-up of row and slot shows.
  const slotOf = (row: number) => slots - 1 - row
  const expected: number[] = []
  const magnitude: number[] = []
  positions.forEach((position, row) => {
    for (let h = 0; h < heads; h++) {
      const cacheHead = slotOf(row) * keyValueHeads + Math.floor(h / (heads / keyValueHeads))
      const seen = Array.from({ length: position + 1 }, (_, j) => j)
      const query = q.subarray((row * heads + h) * width, (row * heads + h + 1) * width)
      const one = attentionReference(
        query,
        seen.map(j => keyAt(cacheHead, j)),
        seen.map(j => valueAt(cacheHead, j)),
      )
      expected.push(...one.out)
      magnitude.push(...one.magnitude)
    }
  })
  return { q, keys, values, slots: positions.map((_, row) => slotOf(row)), expected, magnitude }
}

describe('attention', async () => {
  const device = await testDevice()

  async function run(
    shape: Shape,
    inputs: ReturnType<typeof makeInputs>,
    variant: 'split' | 'serial',
    rows?: number[],
  ) {
    const { heads, keyValueHeads, width, capacity } = shape
    const chosen = rows ?? shape.positions.map((_, row) => row)
    const count = chosen.length
    const q = chosen.flatMap(row => [...inputs.q.subarray(row * heads * width, (row + 1) * heads * width)])
    const slotCount = shape.positions.length
    const lastPosition = Math.max(...chosen.map(row => shape.positions[row]!))
    const use: Attention = {
      q: await tensorFrom(device, 'q', [count, heads, width], new Float32Array(q)),
      cache: {
        keys: await tensorFrom(
          device,
          'keys',
          [slotCount, keyValueHeads, width / 4, capacity, 4],
          inputs.keys,
        ),
        values: await tensorFrom(
          device,
          'values',
          [slotCount, keyValueHeads, capacity, width],
          inputs.values,
        ),
      },
      positions: await tensorFrom(
        device,
        'positions',
        [count],
        new Uint32Array(chosen.map(row => shape.positions[row]!)),
      ),
      slots: await tensorFrom(
        device,
        'slots',
        [count],
        new Uint32Array(chosen.map(row => inputs.slots[row]!)),
      ),
      out: await createTensor(device, 'out', 'f32', [count, heads, width]),
      scratch: await createAttentionScratch(device, count, heads, width, lastPosition + 1),
      lastPosition,
    }
    const recorder = new Recorder(device, 'attention test')
    attention(device, recorder, use, variant)
    const [bytes] = await recorder.submitAndRead(use.out)
    return new Float32Array(bytes!)
  }

  for (const variant of ['split', 'serial'] as const) {
    for (const shape of attentionShapes) {
      it(`${variant} agrees with float64: ${shape.name}`, async () => {
        const inputs = makeInputs(shape, 1)
        const found = await run(shape, inputs, variant)
        const tolerance = { absolute: 1e-6, relative: 1e-6, scale: inputs.magnitude }
        expectClose(`attention ${variant} ${shape.name}`, found, inputs.expected, tolerance)
      })
    }

    it(`${variant}: large scores stay finite`, async () => {
      const shape = attentionShapes[3]
      const inputs = makeInputs(shape, 3000)
      const found = await run(shape, inputs, variant)
      // Scores of ±1e4 carry a rounding error of 1e-3 each, and so do the weights; a masked or overflowing score would show.
      expectClose(`attention ${variant}, large scores`, found, inputs.expected, {
        absolute: 2e-2,
        relative: 0,
      })
    })

    it(`${variant}: a row's bits do not depend on its company`, async () => {
      const shape = attentionShapes[3]
      const inputs = makeInputs(shape, 1)
      const together = await run(shape, inputs, variant)
      const rowElements = shape.heads * shape.width
      for (const row of shape.positions.keys())
        expect(await run(shape, inputs, variant, [row])).toEqual(
          together.slice(row * rowElements, (row + 1) * rowElements),
        )
    })
  }
})
