import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { filterMargin, filterReference, filterThresholdCases, keptIds } from './filter-threshold.cases.ts'

describe('filter-threshold', async () => {
  const device = await testDevice()

  it.each(filterThresholdCases.checks)(
    'keeps what float64 keeps of every distribution: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('keeps what float64 keeps, ties and narrow steps included', async () => {
    const coarse = fc.integer({ min: -6, max: 6 }).map(n => n / 2)
    const narrow = fc.integer({ min: 0, max: 40 }).map(n => Math.fround(5 + n * 2 ** -21))
    const row = fc.array(fc.oneof(coarse, narrow, fc.constant(-0)), { minLength: 1, maxLength: 400 })
    await fc.assert(
      fc.asyncProperty(
        row,
        fc.nat(60),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        async (row, topK, p) => {
          const topP = Math.fround(p)
          const scores = new Float32Array(row)
          const { ids, margin } = filterReference(scores, topK, topP)
          fc.pre(topP === 1 || margin > filterMargin)
          const [kept] = await keptIds(device, { rows: 1, width: scores.length }, scores, { topK, topP })
          expect(kept).toEqual(ids.toSorted((a, b) => a - b))
        },
      ),
      { numRuns: 60, seed: 5 },
    )
  })

  it('keeps nothing that is not finite', async () => {
    const scores = new Float32Array([1, Number.NaN, 3, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY])
    const keep = (topK: number, topP: number) =>
      keptIds(device, { rows: 1, width: 6 }, scores, { topK, topP })
    expect(await keep(2, 1)).toEqual([[2, 4]])
    expect(await keep(9, 1)).toEqual([[0, 2, 4]])
    expect(await keep(0, 0.7)).toEqual([[2, 4]])
  })

  it('keeps one token of a row at least', async () => {
    const scores = new Float32Array([5, 5, 5, 4])
    expect(await keptIds(device, { rows: 1, width: 4 }, scores, { topK: 0, topP: 1e-7 })).toEqual([[0]])
  })
})
