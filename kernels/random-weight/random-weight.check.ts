import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { packedWeightBytes } from '../pack-weight/pack-weight.ts'
import { prepareRandomWeight } from './random-weight.bench.ts'
import { randomWeightReference, randomWeightShapes } from './random-weight.reference.ts'

const shapesOfTypes = randomWeightShapes.flatMap(shape =>
  (['f32', 'f16', 'bf16'] as const).map(dtype => ({ ...shape, name: `${shape.name}, ${dtype}`, dtype })),
)

/** Every bit of the reference and no other, with small keys and large. */
export const randomWeightChecks = checkCases('random-weight', shapesOfTypes, async (device, shape) => {
  const { dtype, name: _, ...place } = shape
  const Words = dtype === 'f32' ? Uint32Array : Uint16Array
  const comparisons = []
  for (const [seed, tensorKey, unit] of [
    [0, 0, 1],
    [0xfedcba98, 338, 2 ** -14],
  ] as const) {
    const numbers = { ...place, seed, tensorKey, unit }
    const words = packedWeightBytes(dtype, shape.outputs, shape.inputs) / 4
    const before = new Uint32Array(words).fill(0xabcdef01)
    const prepared = await prepareRandomWeight(device, numbers, dtype)
    const found = new Words((await runPrepared(device, prepared, { packed: before }, 'packed')).packed)
    const expected = new Words(before.buffer)
    randomWeightReference(expected, dtype, numbers)
    comparisons.push(compareBits(`seed ${seed}`, found, expected))
  }
  return comparisons
})
