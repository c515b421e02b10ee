import { checkCases } from '../gpu/check.ts'
import { compareClose } from '../gpu/compare.ts'
import { distributedRows, distributions } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareSoftmax } from './softmax.bench.ts'
import { softmaxReference, softmaxShapes } from './softmax.reference.ts'

/** Most probabilities of a whole vocabulary lie below 1e-5, so the absolute part must be far below that. */
const tolerance = { absolute: 1e-10, relative: 1e-5 }

/** Probabilities of every distribution. */
export const softmaxChecks = checkCases('softmax', softmaxShapes, async (device, shape) => {
  const comparisons = []
  for (const kind of Object.keys(distributions)) {
    const x = distributedRows(kind, new Random(24), shape.rows, shape.width)
    const { y } = await runPrepared(device, await prepareSoftmax(device, shape), { x }, 'y')
    comparisons.push(compareClose(kind, new Float32Array(y), softmaxReference(x, shape.rows), tolerance))
  }
  return comparisons
})
