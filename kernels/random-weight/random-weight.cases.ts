import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { type PreparedKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { createPackedWeight, packedWeightBytes, type WeightDType } from '../pack-weight/pack-weight.ts'
import { type RandomWeight, randomWeight } from './random-weight.ts'

/** Shapes to test and time: a part of a tensor, and where it goes in a weight of `outputs` outputs. */
const randomWeightShapes = [
  { name: 'width 1', rows: 1, inputs: 1, outputs: 1 },
  { name: 'width 1, many rows', rows: 131, inputs: 1, outputs: 131, firstRow: 5 },
  { name: 'odd, interleaved', rows: 5, inputs: 131, outputs: 11, firstOutput: 1, outputStride: 2 },
  { name: 'odd, after others', rows: 17, inputs: 67, outputs: 40, firstOutput: 20, firstColumn: 33 },
  { name: '7B query, of 8', rows: 36, inputs: 3584, outputs: 64, firstRow: 3072, firstOutput: 4 },
  { name: '7B output, of 8', rows: 24, inputs: 384, outputs: 24, firstColumn: 3200 },
  {
    name: '7B up, of 8',
    rows: 74,
    inputs: 3584,
    outputs: 148,
    firstRow: 16576,
    firstOutput: 1,
    outputStride: 2,
  },
  { name: '7B down, of 8', rows: 65, inputs: 2368, outputs: 65, firstColumn: 16576 },
  { name: '7B vocabulary', rows: 152064, inputs: 12, outputs: 152064 },
] as const

/** Which numbers, and the sizes of the weight that they go to. */
interface WeightNumbers extends RandomWeight {
  inputs: number
  outputs: number
}

/**
 * Writes row r's numbers as bit patterns of `dtype` to output firstOutput + r · outputStride of `packed`:
 * packed[(c / blockSize, output, c mod blockSize)], zeros after the last input.
 */
function randomWeightReference(
  packed: Uint16Array | Uint32Array,
  dtype: 'f32' | 'f16' | 'bf16',
  { seed, tensorKey, unit, rows, inputs, outputs, ...place }: WeightNumbers,
): void {
  const { firstRow = 0, firstColumn = 0, firstOutput = 0, outputStride = 1 } = place
  const blockSize = 16 / packed.BYTES_PER_ELEMENT
  for (let r = 0; r < rows; r++) {
    const output = firstOutput + r * outputStride
    for (let c = 0; c < Math.ceil(inputs / blockSize) * blockSize; c++) {
      const hash = hashOf([seed, tensorKey, firstRow + r, firstColumn + c])
      let whole = -126
      for (let byte = 0; byte < 4; byte++) whole += Math.floor(hash / 256 ** byte) % 64
      packed[(Math.floor(c / blockSize) * outputs + output) * blockSize + (c % blockSize)] =
        c < inputs ? bitsOf(whole * unit, dtype) : 0
    }
  }
}

/** PCG's output permutation over each key in turn, mixed with what the keys before it gave. */
function hashOf(keys: number[]): number {
  let hash = 0
  for (const key of keys) {
    const state = (Math.imul(key ^ hash, 747796405) + 2891336453) >>> 0
    const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0
    hash = ((word >>> 22) ^ word) >>> 0
  }
  return hash
}

/** Bits of a number that the type holds exactly, and as a normal one. */
function bitsOf(value: number, dtype: 'f32' | 'f16' | 'bf16'): number {
  if (value === 0) return 0
  const [fraction, bias] = ({ f32: [23, 127], bf16: [7, 127], f16: [10, 15] } as const)[dtype]
  const magnitude = Math.abs(value)
  let exponent = 0
  while (magnitude < 2 ** exponent) exponent--
  while (magnitude >= 2 ** (exponent + 1)) exponent++
  const sign = value < 0 ? 2 ** (dtype === 'f32' ? 31 : 15) : 0
  return sign + (exponent + bias) * 2 ** fraction + (magnitude / 2 ** exponent - 1) * 2 ** fraction
}

type Keys = 'seed' | 'tensorKey' | 'unit'

/** A part of a tensor, and the weight it goes to; keys and unit where they matter. */
export type RandomWeightShape = Omit<WeightNumbers, Keys> & Partial<Pick<WeightNumbers, Keys>>

/** A weight of random numbers with its tensor. */
export async function prepareRandomWeight(
  device: Device,
  { inputs, outputs, ...numbers }: RandomWeightShape,
  dtype: WeightDType = 'bf16',
): Promise<PreparedKernel<'packed'>> {
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  return {
    tensors: { packed: weight.pieces[0]!.blocks },
    record: recorder => randomWeight(recorder, weight, { seed: 1, tensorKey: 1, unit: 2 ** -11, ...numbers }),
    destroy: () => device.destroyBuffer(weight.pieces[0]!.blocks.buffer),
  }
}

const shapesOfTypes = randomWeightShapes.flatMap(shape =>
  (['f32', 'f16', 'bf16'] as const).map(dtype => ({ ...shape, name: `${shape.name}, ${dtype}`, dtype })),
)

/** Every bit of the reference and no other, with small keys and large. */
export const randomWeightCases = kernelCases('random-weight', randomWeightShapes, {
  prepare: (device, shape) => prepareRandomWeight(device, shape),
  checkedShapes: shapesOfTypes,
  async check(device, shape) {
    const { dtype, name: _, ...place } = shape
    const Words = dtype === 'f32' ? Uint32Array : Uint16Array
    const comparisons = []
    const small = { seed: 0, tensorKey: 0, unit: 1 }
    for (const keys of [small, { seed: 0xfedcba98, tensorKey: 338, unit: 2 ** -14 }]) {
      const numbers = { ...place, ...keys }
      const words = packedWeightBytes(dtype, shape.outputs, shape.inputs) / 4
      const before = new Uint32Array(words).fill(0xabcdef01)
      const prepared = await prepareRandomWeight(device, numbers, dtype)
      const found = new Words((await runPrepared(device, prepared, { packed: before }, 'packed')).packed)
      const expected = new Words(before.buffer)
      randomWeightReference(expected, dtype, numbers)
      comparisons.push(compareBits(`seed ${keys.seed}`, found, expected))
    }
    return comparisons
  },
})
