import { checkCases } from '../gpu/check.ts'
import { compareClose, kernelTolerance } from '../gpu/compare.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareAdd } from './add.bench.ts'
import { addReference, addShapes } from './add.reference.ts'

/** Sums of numbers of either sign, one of them large. */
export const addChecks = checkCases('add', addShapes, async (device, shape) => {
  const random = new Random(21)
  const count = shape.rows * shape.width
  const x = Float32Array.from({ length: count }, () => random.uniform() - 0.5)
  const delta = Float32Array.from({ length: count }, () => random.uniform() - 0.5)
  x[0] = 1e4
  const found = await runPrepared(device, await prepareAdd(device, shape), { x, delta }, 'x')
  return [compareClose('add', new Float32Array(found.x), addReference(x, delta), kernelTolerance)]
})
