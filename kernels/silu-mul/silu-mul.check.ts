import { checkCases } from '../gpu/check.ts'
import { compareClose, kernelTolerance } from '../gpu/compare.ts'
import { distributedRows, distributions } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareSiluMul } from './silu-mul.bench.ts'
import { siluMulReference, siluMulShapes } from './silu-mul.reference.ts'

/** Gated units of every distribution. */
export const siluMulChecks = checkCases('silu-mul', siluMulShapes, async (device, shape) => {
  const comparisons = []
  for (const kind of Object.keys(distributions)) {
    const x = distributedRows(kind, new Random(22), shape.rows, 2 * shape.width)
    const { y } = await runPrepared(device, await prepareSiluMul(device, shape), { x }, 'y')
    comparisons.push(compareClose(kind, new Float32Array(y), siluMulReference(x), kernelTolerance))
  }
  return comparisons
})
