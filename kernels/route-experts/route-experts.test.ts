import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import {
  prepareRouteExperts,
  routeExpertsCases,
  routeExpertsVariants,
  routerLogits,
} from './route-experts.cases.ts'
import { createExpertRoutes, expertTileRows, routeExperts } from './route-experts.ts'

describe('route-experts', async () => {
  const device = await testDevice()

  it.each(routeExpertsCases.checks)('agrees with float64: $variant, $shape', async check => {
    expectAgreement(await check.run(device))
  })

  async function run(
    rows: number,
    experts: number,
    perRow: number,
    numbers: Float32Array<ArrayBuffer>,
    variant: (typeof routeExpertsVariants)[number],
  ) {
    const shape = { rows, experts, perRow, normalised: false, tileRows: 1 } as const
    const prepared = await prepareRouteExperts(device, shape, variant)
    const found = await runPrepared(device, prepared, { logits: numbers }, 'experts', 'weights')
    return { experts: new Uint32Array(found.experts), weights: new Float32Array(found.weights) }
  }

  it.each(routeExpertsVariants)(
    'gives a tie to the lower id, zeros of both signs being equal: %s',
    async variant => {
      const { experts, weights } = await run(
        2,
        5,
        2,
        new Float32Array([1, 3, 1, 3, 3, -1, -0, -2, 0, 0]),
        variant,
      )
      expect([...experts]).toEqual([1, 3, 1, 3])
      expect(weights[0]).toBe(weights[1])
    },
  )

  it('gives a row the same bits alone, in company and in every variant', async () => {
    const logits = routerLogits(new Random(5), 7 * 130)
    const together = await run(7, 130, 6, logits, 'parallel')
    for (const variant of routeExpertsVariants) {
      const alone = await run(1, 130, 6, logits.slice(3 * 130, 4 * 130), variant)
      expectSameBits('experts', alone.experts, together.experts.slice(18, 24))
      expectSameBits('weights', alone.weights, together.weights.slice(18, 24))
    }
  })

  it('keeps as many experts of a row that holds no numbers, each once', async () => {
    const logits = new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 0])
    for (const variant of routeExpertsVariants) {
      const { experts } = await run(1, 4, 3, logits, variant)
      expect(new Set(experts).size).toBe(3)
      expect(Math.max(...experts)).toBeLessThan(4)
    }
  })

  it('takes larger tiles for more pairs of an expert', () => {
    const sizes = (pairs: number) =>
      (['cpu', 'gpu'] as const).map(kind => expertTileRows({ ...device, kind } as typeof device, pairs, 8))
    expect([8, 9, 136].map(sizes)).toEqual([
      [1, 1],
      [4, 8],
      [4, 64],
    ])
  })

  it('refuses more experts than it has room for, and more than there are', async () => {
    const routes = await createExpertRoutes(device, 1, 3)
    const logits = await createTensor(device, 'logits', 'f32', [1, 2])
    const many = await createTensor(device, 'logits', 'f32', [1, 1025])
    const recorder = new Recorder(device, 'test')
    expect(() => routeExperts(recorder, logits, routes, true)).toThrow(/3 of 2 experts a row/)
    expect(() => routeExperts(recorder, many, routes, true)).toThrow(/of 1025 experts.*at most 1024/)
  })
})
