import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement, expectClose } from '../../test/support/expect-close.ts'
import { kernelTolerance } from '../gpu/check.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { entropyCases, entropyVariants, prepareEntropy } from './entropy.cases.ts'
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

  it.each(entropyCases.checks)('$variant agrees with float64 on every distribution: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  for (const variant of entropyVariants) {
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
