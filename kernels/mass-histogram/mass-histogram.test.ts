import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { massHistogramCases, prepareMassHistogram } from './mass-histogram.cases.ts'
import { readMassHistogram } from './mass-histogram.ts'

describe('mass-histogram', async () => {
  const device = await testDevice()

  it.each(massHistogramCases.checks)(
    'counts tokens and adds masses by each byte of a sort key: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('leaves out what is not finite, and carries where low words overflow', async () => {
    const scores = new Float32Array(1000).fill(-3)
    scores.set([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0])
    const prepared = await prepareMassHistogram(device, { rows: 1, width: 1000, firstId: 0 })
    const { histograms } = await runPrepared(
      device,
      prepared,
      { scores, searches: new Uint32Array(5) },
      'histograms',
    )
    const { counts, masses } = readMassHistogram(histograms, 0)
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)
    expect(sum(counts)).toBe(997)
    expect(sum(masses)).toBeCloseTo(1 + 996 * Math.exp(-3), 4)
  })
})
