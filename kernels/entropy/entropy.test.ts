import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { distributedRows, distributions, rowOf } from '../../test/support/distributions.ts'
import { expectClose, kernelTolerance } from '../../test/support/expect-close.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { entropyVariants, prepareEntropy } from './entropy.bench.ts'
import { entropyReference, entropyShapes } from './entropy.reference.ts'
import { readEntropyStatistics } from './entropy.ts'

describe('entropy', async () => {
  const device = await testDevice()

  async function run(
    rows: number,
    width: number,
    logits: Float32Array<ArrayBuffer>,
    variant: (typeof entropyVariants)[number],
  ) {
    const prepared = await prepareEntropy(device, { rows, width }, variant)
    const { statistics } = await runPrepared(device, prepared, { logits }, 'statistics')
    return Array.from({ length: rows }, (_, row) => readEntropyStatistics(statistics, row))
  }

  for (const variant of entropyVariants) {
    for (const { name, rows, width } of entropyShapes) {
      it(`${variant} agrees with float64 on every distribution: ${name}`, async () => {
        for (const kind of Object.keys(distributions)) {
          const logits = distributedRows(kind, new Random(5), rows, width)
          const found = await run(rows, width, logits, variant)
          const expected = found.map((_, row) => entropyReference(rowOf(logits, row, width)))
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

    it(`${variant} does not change when a constant is added to all logits`, async () => {
      await fc.assert(
        fc.asyncProperty(sixtyFourths, fc.integer({ min: -1000, max: 1000 }), async (logits, constant) => {
          const plain = new Float32Array(logits.map(x => x / 64))
          const [before] = await run(1, plain.length, plain, variant)
          const [after] = await run(
            1,
            plain.length,
            plain.map(x => x + constant),
            variant,
          )
          expect(after).toEqual({ ...before!, maximum: before!.maximum + constant })
        }),
        { numRuns: 15, seed: 1 },
      )
    })
  }

  it('agrees between its variants', async () => {
    const logits = new Random(7).normals(3 * 5000, 3)
    const [slices, serial] = [await run(3, 5000, logits, 'slices'), await run(3, 5000, logits, 'serial')]
    for (const field of ['maximum', 's', 'w', 'entropyNats', 'varentropy'] as const) {
      const [one, other] = [slices, serial].map(rows => rows.map(row => row[field]))
      expectClose(field, one!, other!, kernelTolerance)
    }
  })
})

/** Logits in steps of 1/64 and below 16, so that 32-bit sums with whole numbers are exact. */
const sixtyFourths = fc.array(fc.integer({ min: -1024, max: 1024 }), { minLength: 1, maxLength: 300 })
