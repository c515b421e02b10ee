import { checkCasesOfVariants } from '../gpu/check.ts'
import { compareClose } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { entropyVariants, prepareEntropy } from './entropy.bench.ts'
import { entropyReference, entropyShapes } from './entropy.reference.ts'
import { readEntropyStatistics } from './entropy.ts'

/** Entropy, varentropy and the sum below the maximum, of every distribution. */
export const entropyChecks = checkCasesOfVariants(
  'entropy',
  entropyShapes,
  entropyVariants,
  async (device, shape, variant) => {
    const { rows, width } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      const logits = distributedRows(kind, new Random(5), rows, width)
      const prepared = await prepareEntropy(device, shape, variant)
      const { statistics } = await runPrepared(device, prepared, { logits }, 'statistics')
      const found = Array.from({ length: rows }, (_, row) => readEntropyStatistics(statistics, row))
      const expected = found.map((_, row) => entropyReference(rowOf(logits, row, width)))
      comparisons.push(
        compareClose(
          `${kind}: entropy`,
          found.map(one => one.entropyNats),
          expected.map(one => one.entropy),
          { absolute: 1e-4, relative: 0 },
        ),
        compareClose(
          `${kind}: varentropy`,
          found.map(one => one.varentropy),
          expected.map(one => one.varentropy),
          { absolute: 1e-3, relative: 1e-3 },
        ),
        compareClose(
          `${kind}: sum below the maximum`,
          found.map(one => one.w),
          expected.map(one => one.w),
          { absolute: 1e-3, relative: 1e-5 },
        ),
        compareClose(
          `${kind}: logits that are not finite`,
          found.map(one => one.notFinite),
          found.map(() => 0),
          { absolute: 0, relative: 0 },
        ),
      )
    }
    return comparisons
  },
)
