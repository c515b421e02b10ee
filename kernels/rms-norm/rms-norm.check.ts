import { addReference } from '../add/add.reference.ts'
import { checkCasesOfVariants } from '../gpu/check.ts'
import { compareBits, compareClose, kernelTolerance } from '../gpu/compare.ts'
import { distributedRows, distributions } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareRmsNorm, rmsNormVariants } from './rms-norm.bench.ts'
import { rmsNormReference, rmsNormShapes } from './rms-norm.reference.ts'

const epsilon = 1e-6

/** Norms of every distribution, and of a residual stream to which a layer's output is added first. */
export const rmsNormChecks = checkCasesOfVariants(
  'rms-norm',
  rmsNormShapes,
  rmsNormVariants,
  async (device, shape, variant) => {
    const { rows, width } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      const random = new Random(27)
      const x = distributedRows(kind, random, rows, width)
      const weight = random.normals(width)
      const prepared = await prepareRmsNorm(device, { ...shape, epsilon, withDelta: false }, variant)
      const found = await runPrepared(device, prepared, { x, weight }, 'x', 'y')
      const expected = rmsNormReference(x, weight, rows, epsilon)
      comparisons.push(
        compareClose(kind, new Float32Array(found.y), expected, kernelTolerance),
        compareBits(`${kind}: x`, new Float32Array(found.x), x),
      )
    }
    const random = new Random(28)
    const [x, delta] = [random.normals(rows * width), random.normals(rows * width)]
    const weight = random.normals(width)
    const prepared = await prepareRmsNorm(device, { ...shape, epsilon }, variant)
    const found = await runPrepared(device, prepared, { x, delta, weight }, 'x', 'y')
    const sum = addReference(x, delta)
    return [
      ...comparisons,
      compareClose('with a delta: sum', new Float32Array(found.x), sum, kernelTolerance),
      compareClose(
        'with a delta',
        new Float32Array(found.y),
        rmsNormReference(sum, weight, rows, epsilon),
        kernelTolerance,
      ),
    ]
  },
)
