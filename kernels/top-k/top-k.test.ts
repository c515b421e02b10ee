import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random, rowOf } from '../gpu/random.ts'
import { prepareTopK, topKCases, topKReference, topKVariants } from './top-k.cases.ts'
import { readTopLogits } from './top-k.ts'

/** The id of a place that no finite logit fills. */
const nothing = 0xffffffff

describe.each(topKVariants)('top-k, %s', async variant => {
  const device = await testDevice()

  async function run(rows: number, k: number, logits: Float32Array<ArrayBuffer>) {
    const prepared = await prepareTopK(device, { rows, width: logits.length / rows, k }, variant)
    const { top } = await runPrepared(device, prepared, { logits }, 'top')
    return Array.from({ length: rows }, (_, row) => readTopLogits(top, row, k))
  }

  const checks = topKCases.checks.filter(check => check.variant === variant)
  it.each(checks)(
    'finds the largest in order, ties by the lower id, on every distribution: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('never picks what is not finite, wherever it stands', async () => {
    const width = 4500
    const logits = new Random(33).normals(2 * width)
    for (let i = 0; i < logits.length; i += 3)
      logits[i] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][(i / 3) % 3]!
    const found = await run(2, 8, logits)
    for (const [row, top] of found.entries()) {
      const numbers = rowOf(logits, row, width)
      const finite = numbers.map(logit => (Number.isFinite(logit) ? logit : -1e30))
      expect(top.map(({ id }) => id)).toEqual(topKReference(finite, 8))
    }
  })

  it('leaves places empty where fewer than k logits are finite', async () => {
    const logits = new Float32Array(2100).fill(Number.NEGATIVE_INFINITY)
    logits[5] = -3.4e38
    logits[2099] = 2
    const [found] = await run(1, 4, logits)
    expect(found!.map(({ id }) => id)).toEqual([2099, 5, nothing, nothing])
    const [none] = await run(1, 2, new Float32Array(9).fill(Number.NaN))
    expect(none!.map(({ id }) => id)).toEqual([nothing, nothing])
  })

  it('follows a permutation of the logits', async () => {
    // A device may take denormal numbers for zeros, and then they are ties.
    const logit = fc
      .float({ noNaN: true, noDefaultInfinity: true })
      .filter(x => x === 0 || Math.abs(x) >= 2 ** -126)
    const row = fc.uniqueArray(logit, { minLength: 9, maxLength: 60, comparator: (a, b) => a === b })
    await fc.assert(
      fc.asyncProperty(row, fc.nat(), async (numbers, seed) => {
        const random = new Random(seed)
        const order = [...numbers.keys()].sort(() => random.uniform() - 0.5)
        const [plain] = await run(1, 9, new Float32Array(numbers))
        const [permuted] = await run(1, 9, new Float32Array(order.map(i => numbers[i]!)))
        expect(permuted!.map(({ id, logit }) => ({ id: order[id]!, logit }))).toEqual(plain)
      }),
      { numRuns: 15, seed: 1 },
    )
  })

  it('names no token for what a row lacks of k', async () => {
    const [row] = await run(1, 4, new Float32Array([1, 3, 2]))
    expect(row!.map(({ id }) => id)).toEqual([1, 2, 0, 0xffffffff])
  })
})
