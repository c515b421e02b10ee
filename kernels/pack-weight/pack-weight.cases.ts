import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { noiseWords, type PreparedKernel, prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { elementCount, tensorFrom, uploadTensor } from '../gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, packWeight, type WeightDType } from './pack-weight.ts'

/** Rows of a checkpoint, and where they go in a weight of `outputs` outputs: from the first on, one after another. */
interface PackWeightShape {
  rows: number
  inputs: number
  outputs: number
  firstOutput?: number
  outputStride?: number
  dtype: WeightDType
}

const packWeightShapes: readonly (PackWeightShape & { name: string })[] = [
  { name: 'width 1', rows: 1, inputs: 1, outputs: 1, dtype: 'f32' },
  { name: 'width 1 bf16', rows: 3, inputs: 1, outputs: 3, dtype: 'bf16' },
  {
    name: 'odd f16, interleaved',
    rows: 5,
    inputs: 131,
    outputs: 11,
    firstOutput: 1,
    outputStride: 2,
    dtype: 'f16',
  },
  { name: 'odd f32, after others', rows: 17, inputs: 66, outputs: 40, firstOutput: 20, dtype: 'f32' },
  { name: '0.5B gate', rows: 64, inputs: 896, outputs: 128, outputStride: 2, dtype: 'bf16' },
  { name: '0.5B down', rows: 33, inputs: 4864, outputs: 33, dtype: 'bf16' },
  { name: '7B up', rows: 296, inputs: 3584, outputs: 592, firstOutput: 1, outputStride: 2, dtype: 'bf16' },
  { name: '7B down', rows: 16, inputs: 18944, outputs: 16, dtype: 'bf16' },
]

/**
 * Writes row r of `source` [rows, inputs] to output firstOutput + r · outputStride of `packed`, elements being whole bit
 * patterns: packed[(i / blockSize, output, i mod blockSize)], zeros after the last input.
 */
function packWeightReference(
  source: ArrayLike<number>,
  packed: Uint16Array | Uint32Array,
  { rows, inputs, outputs, firstOutput = 0, outputStride = 1 }: PackWeightShape,
): void {
  const blockSize = 16 / packed.BYTES_PER_ELEMENT
  for (let r = 0; r < rows; r++) {
    const output = firstOutput + r * outputStride
    for (let i = 0; i < Math.ceil(inputs / blockSize) * blockSize; i++) {
      const block = Math.floor(i / blockSize)
      packed[(block * outputs + output) * blockSize + (i % blockSize)] =
        i < inputs ? source[r * inputs + i]! : 0
    }
  }
}

/** A random weight as a checkpoint stores it, and the exact numbers that the stored bits mean. */
interface StoredWeight {
  words: Uint32Array<ArrayBuffer>
  values: Float64Array
}

/** Normal deviates of this scale, rounded to the type (16-bit types by truncation: any stored number will do). */
export function storedWeight(random: Random, dtype: WeightDType, count: number, scale: number): StoredWeight {
  const numbers = random.normals(count, scale)
  const bits = new Uint32Array(numbers.buffer)
  if (dtype === 'f32') return { words: bits, values: Float64Array.from(numbers) }
  const halves = new Uint16Array(Math.ceil(count / 2) * 2)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    if (dtype === 'bf16') {
      halves[i] = bits[i]! >>> 16
      bits[i] = bits[i]! & 0xffff0000
      values[i] = numbers[i]!
    } else {
      halves[i] = truncateToF16(numbers[i]!)
      values[i] = f16Value(halves[i]!)
    }
  }
  return { words: new Uint32Array(halves.buffer), values }
}

/** Makes a packed weight that holds noise. */
export async function createNoiseWeight(
  device: Device,
  name: string,
  dtype: WeightDType,
  outputs: number,
  inputs: number,
): Promise<PackedWeight> {
  const weight = await createPackedWeight(device, name, dtype, outputs, inputs)
  uploadTensor(device, weight.blocks, noiseWords(dtype, elementCount(weight.blocks.shape)))
  return weight
}

/** Uploads a stored weight and packs it into `weight`. */
export async function packInto(device: Device, stored: StoredWeight, weight: PackedWeight): Promise<void> {
  const shape = [weight.outputs, weight.inputs]
  const rows = await tensorFrom(device, 'stored weight', shape, stored.words, weight.dtype)
  const recorder = new Recorder(device, 'pack weight')
  packWeight(recorder, rows, weight)
  recorder.submit()
  await device.idle()
  device.destroyBuffer(rows.buffer)
}

function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

function truncateToF16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0
  const magnitude = Math.min(Math.abs(value), 65504)
  if (magnitude < 2 ** -14) return sign | Math.floor(magnitude * 2 ** 24)
  const exponent = Math.floor(Math.log2(magnitude))
  return sign | ((exponent + 15) << 10) | Math.floor((magnitude / 2 ** exponent - 1) * 1024)
}

/** A packing with its tensors. */
async function preparePackWeight(
  device: Device,
  { rows, inputs, outputs, dtype, ...place }: PackWeightShape,
): Promise<PreparedKernel<'source' | 'packed'>> {
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  const prepared = await prepareKernel(
    device,
    { source: [dtype, [rows, inputs]] },
    (recorder, { source }) => packWeight(recorder, source, weight, place),
    [weight.blocks],
  )
  return { ...prepared, tensors: { ...prepared.tensors, packed: weight.blocks } }
}

/** Every bit in its place and no other touched: any bits, those of infinities and not-a-number too. */
export const packWeightCases = kernelCases('pack-weight', packWeightShapes, {
  prepare: preparePackWeight,
  async check(device, shape) {
    const Words = shape.dtype === 'f32' ? Uint32Array : Uint16Array
    const random = new Random(26)
    const wordCount = Math.ceil((shape.rows * shape.inputs * Words.BYTES_PER_ELEMENT) / 4)
    const source = Uint32Array.from({ length: wordCount }, () => random.integer(2 ** 32))
    const prepared = await preparePackWeight(device, shape)
    const packed = new Uint32Array(elementCount(prepared.tensors.packed.shape)).fill(0xabcdef01)
    const found = await runPrepared(device, prepared, { source, packed }, 'packed')
    const expected = new Words(packed.buffer)
    packWeightReference(new Words(source.buffer), expected, shape)
    return [compareBits('packed', new Words(found.packed), expected)]
  },
})
