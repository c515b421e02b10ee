import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { distributedRows, distributions, rowOf } from '../../test/support/distributions.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { prepareTopK, topKVariants } from './top-k.bench.ts'
import { topKReference, topKShapes } from './top-k.reference.ts'
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

  for (const { name, rows, width, k } of topKShapes) {
    it(`finds the largest in order, ties by the lower id, on every distribution: ${name}`, async () => {
      for (const kind of Object.keys(distributions)) {
        const logits = distributedRows(kind, new Random(32), rows, width)
        const found = await run(rows, k, logits)
        for (const [row, top] of found.entries()) {
          const numbers = rowOf(logits, row, width)
          const expected = topKReference(numbers, k).map(id => ({ id, logit: numbers[id]! }))
          expect(top, `${name}, ${kind}, row ${row}`).toEqual(expected)
        }
      }
    })
  }

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

  it('refuses k beyond the width', async () => {
    await expect(run(1, 4, new Float32Array(3))).rejects.toThrow(/top-k: k is 4, expected 1 to 3/)
  })
})
