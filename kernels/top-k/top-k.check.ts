import { checkCasesOfVariants } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareTopK, topKVariants } from './top-k.bench.ts'
import { topKReference, topKShapes } from './top-k.reference.ts'
import { readTopLogits } from './top-k.ts'

/** The largest in order, ties by the lower id, of every distribution. */
export const topKChecks = checkCasesOfVariants(
  'top-k',
  topKShapes,
  topKVariants,
  async (device, shape, variant) => {
    const { rows, width, k } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      const logits = distributedRows(kind, new Random(32), rows, width)
      const { top } = await runPrepared(device, await prepareTopK(device, shape, variant), { logits }, 'top')
      for (let row = 0; row < rows; row++) {
        const numbers = rowOf(logits, row, width)
        const ids = topKReference(numbers, k)
        const found = readTopLogits(top, row, k)
        comparisons.push(
          compareBits(
            `${kind}, row ${row}: ids`,
            found.map(({ id }) => id),
            ids,
          ),
          compareBits(
            `${kind}, row ${row}: logits`,
            found.map(({ logit }) => logit),
            ids.map(id => numbers[id]!),
          ),
        )
      }
    }
    return comparisons
  },
)
