import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { Random } from '../../test/support/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { entropyReference, entropyShapes } from './entropy.reference.ts'
import { entropy, entropyPartialWords, entropyWords, readEntropyStatistics } from './entropy.ts'

/** Distributions that break careless sums. */
const distributions: Record<string, (random: Random, width: number) => Float32Array<ArrayBuffer>> = {
  normal: (random, width) => random.normals(width, 3),
  'of ±1e4': (random, width) =>
    Float32Array.from({ length: width }, () => (random.uniform() < 0.5 ? -1e4 : 1e4)),
  'all equal': (_, width) => new Float32Array(width).fill(7),
  'one huge': (random, width) => random.normals(width).map((x, i) => (i === width >> 1 ? 1e4 : x)),
  'one spike over a constant': (_, width) => new Float32Array(width).map((_, i) => (i === 0 ? 10 : 0)),
}

describe('entropy', async () => {
  const device = await testDevice()

  async function run(
    rows: number,
    width: number,
    logits: Float32Array<ArrayBuffer>,
    variant: 'slices' | 'serial',
  ) {
    const input = await tensorFrom(device, 'logits', [rows, width], logits)
    const partials = await createTensor(device, 'partials', 'u32', [entropyPartialWords(rows, width)])
    const statistics = await createTensor(device, 'statistics', 'u32', [rows, entropyWords])
    const recorder = new Recorder(device, 'entropy test')
    entropy(device, recorder, input, partials, statistics, variant)
    const [bytes] = await recorder.submitAndRead(statistics)
    return Array.from({ length: rows }, (_, row) => readEntropyStatistics(bytes!, row))
  }

  for (const variant of ['slices', 'serial'] as const) {
    for (const { name, rows, width } of entropyShapes) {
      it(`${variant} agrees with float64 on every distribution: ${name}`, async () => {
        for (const [kind, make] of Object.entries(distributions)) {
          const random = new Random(5)
          const rowsOfLogits = Array.from({ length: rows }, () => make(random, width))
          const logits = new Float32Array(rowsOfLogits.flatMap(row => [...row]))
          const found = await run(rows, width, logits, variant)
          const expected = rowsOfLogits.map(entropyReference)
          const what = `${variant} ${name}, ${kind}`
          expectClose(
            `${what}: entropy`,
            found.map(f => f.entropyNats),
            expected.map(e => e.entropy),
            {
              absolute: 1e-4,
              relative: 0,
            },
          )
          expectClose(
            `${what}: varentropy`,
            found.map(f => f.varentropy),
            expected.map(e => e.varentropy),
            {
              absolute: 1e-3,
              relative: 1e-3,
            },
          )
          expectClose(
            `${what}: w`,
            found.map(f => f.w),
            expected.map(e => e.w),
            { absolute: 1e-3, relative: 1e-5 },
          )
          expect(found.map(f => f.notFinite)).toEqual(found.map(() => 0))
        }
      })
    }

    it(`${variant} counts what is not finite, also a whole slice of it`, async () => {
      const width = 5000
      const logits = new Random(6).normals(width)
      logits.fill(Number.NaN, 2048, 4096)
      logits[7] = Number.POSITIVE_INFINITY
      logits[4999] = Number.NEGATIVE_INFINITY
      const [found] = await run(1, width, logits, variant)
      expect(found!.notFinite).toBe(2048 + 2)
      expect(found!.entropyNats).toBeGreaterThan(0)
    })
  }
})
