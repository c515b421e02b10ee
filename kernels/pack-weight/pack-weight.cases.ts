import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { noiseWords, type PreparedKernel, prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { elementCount, tensorBytes, tensorFrom, uploadTensor } from '../gpu/tensor.ts'
import { dequantize, f16Value } from './dequantize.ts'
import { createPackedWeight, type PackedWeight, packWeight, type StoredRows } from './pack-weight.ts'
import { isPlain, storedBytes, type WeightType, weightTypes } from './weight-types.ts'

/** Rows of a checkpoint, and where they go in a weight of `outputs` outputs: from the first on, one after another. */
interface PackWeightShape {
  rows: number
  inputs: number
  outputs: number
  firstOutput?: number
  outputStride?: number
  dtype: WeightType
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
  { name: 'q4_0, after others', rows: 5, inputs: 96, outputs: 9, firstOutput: 3, dtype: 'q4_0' },
  {
    name: 'q5_0, interleaved',
    rows: 7,
    inputs: 64,
    outputs: 15,
    firstOutput: 1,
    outputStride: 2,
    dtype: 'q5_0',
  },
  { name: 'mxfp4, interleaved', rows: 7, inputs: 32, outputs: 14, outputStride: 2, dtype: 'mxfp4' },
  { name: 'q5_1', rows: 3, inputs: 64, outputs: 3, dtype: 'q5_1' },
  { name: 'q3_k', rows: 6, inputs: 512, outputs: 6, dtype: 'q3_k' },
  { name: 'q6_k, after others', rows: 6, inputs: 512, outputs: 13, firstOutput: 7, dtype: 'q6_k' },
]

/**
 * Writes row r of `source`, [rows, bytes of a row], to output firstOutput + r · outputStride of `packed`: plane after plane
 * of the blocks' bytes, each [blocks, outputs], zeros after the last input of types that are stored one by one.
 */
function packWeightReference(
  source: Uint8Array,
  packed: Uint8Array,
  { rows, inputs, outputs, dtype, firstOutput = 0, outputStride = 1 }: PackWeightShape,
): void {
  const rowBytes = storedBytes(dtype, inputs)
  const blockBytes = isPlain(dtype) ? 16 : weightTypes[dtype].bytes
  const blocks = Math.ceil(rowBytes / blockBytes)
  let plane = 0
  for (const { offset, bytes } of weightTypes[dtype].planes) {
    const width = bytes < 4 ? outputs + ((8 - (outputs % 8)) % 8) : outputs
    for (let block = 0; block < blocks; block++) {
      for (let r = 0; r < rows; r++) {
        const to = plane + (block * width + firstOutput + r * outputStride) * bytes
        for (let i = 0; i < bytes; i++) {
          const at = block * blockBytes + offset + i
          packed[to + i] = at < rowBytes ? source[r * rowBytes + at]! : 0
        }
      }
    }
    plane += Math.ceil((blocks * width * bytes) / 16) * 16
  }
}

/** A random weight as a checkpoint stores it, and the exact numbers that the stored bits mean. */
export interface StoredWeight {
  words: Uint32Array<ArrayBuffer>
  values: Float64Array
}

/**
 * Normal deviates of this scale, rounded to the type (16-bit types by truncation: any stored number will do). Of types of
 * blocks: any bits in whole blocks, with scales that make numbers of about this size, one in eight of them subnormal.
 */
export function storedWeight(random: Random, dtype: WeightType, count: number, scale: number): StoredWeight {
  if (!isPlain(dtype)) return storedBlocks(random, dtype, count, scale)
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

/** Where the f16 scales of a block lie, and by what they multiply at most. */
const blockScales: Partial<Record<WeightType, { at: number[]; most: number }>> = {
  q8_0: { at: [0], most: 127 },
  q4_0: { at: [0], most: 8 },
  q4_1: { at: [0, 2], most: 15 },
  q5_0: { at: [0], most: 16 },
  q5_1: { at: [0, 2], most: 31 },
  iq4_nl: { at: [0], most: 127 },
  q2_k: { at: [80, 82], most: 3 * 15 },
  q3_k: { at: [108], most: 4 * 32 },
  q4_k: { at: [0, 2], most: 15 * 63 },
  q5_k: { at: [0, 2], most: 31 * 63 },
  q6_k: { at: [208], most: 32 * 128 },
}

function storedBlocks(random: Random, dtype: WeightType, count: number, scale: number): StoredWeight {
  const { inputs, bytes: blockBytes } = weightTypes[dtype]
  const blocks = count / inputs
  const words = Uint32Array.from({ length: Math.ceil((blocks * blockBytes) / 4) }, () =>
    random.integer(2 ** 32),
  )
  const bytes = new Uint8Array(words.buffer, 0, blocks * blockBytes)
  for (let block = 0; block < blocks; block++) {
    const stored = bytes.subarray(block * blockBytes, (block + 1) * blockBytes)
    const scales = blockScales[dtype]
    // An MXFP4 scale is the exponent of a power of two.
    if (!scales) stored[0] = 121 + random.integer(6) + Math.round(Math.log2(scale))
    else
      for (const at of scales.at) {
        const isSubnormal = random.integer(8) === 0
        const size = ((0.5 + random.integer(1024) / 1024) * scale) / scales.most
        const bits = isSubnormal
          ? 1 + random.integer(1023)
          : truncateToF16(random.integer(2) === 0 ? size : -size)
        stored.set([bits & 0xff, bits >> 8], at)
      }
  }
  return { words, values: Float64Array.from(dequantize(dtype, bytes)) }
}

/** Makes a packed weight that holds noise. */
export async function createNoiseWeight(
  device: Device,
  name: string,
  dtype: WeightType,
  outputs: number,
  inputs: number,
): Promise<PackedWeight> {
  const weight = await createPackedWeight(device, name, dtype, outputs, inputs)
  fillNoise(device, weight)
  return weight
}

/** Fills a packed weight with noise. */
export function fillNoise(device: Device, weight: PackedWeight): void {
  for (const { dtype, blocks } of weight.pieces) {
    // Any bits are blocks; these are f16 numbers, whatever of them is a scale.
    const noise = noiseWords(isPlain(dtype) ? dtype : 'f16', elementCount(blocks.shape))
    uploadTensor(device, blocks, noise)
  }
}

/** Uploads a stored weight and packs it into `weight`, which is of one type. */
export async function packInto(
  device: Device,
  stored: Pick<StoredWeight, 'words'>,
  weight: PackedWeight,
): Promise<void> {
  const words = await tensorFrom(device, 'stored weight', [stored.words.length], stored.words)
  const recorder = new Recorder(device, 'pack weight')
  const { dtype } = weight.pieces[0]!
  packWeight(recorder, { name: 'stored weight', dtype, rows: weight.outputs, words }, weight)
  recorder.submit()
  await device.idle()
  device.destroyBuffer(words.buffer)
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
  const { blocks } = weight.pieces[0]!
  const prepared = await prepareKernel(
    device,
    { source: ['u32', [Math.ceil((rows * storedBytes(dtype, inputs)) / 4)]] },
    (recorder, { source: words }) => {
      const stored: StoredRows = { name: 'source', dtype, rows, words }
      packWeight(recorder, stored, weight, place)
    },
    [blocks],
  )
  return { ...prepared, tensors: { ...prepared.tensors, packed: blocks } }
}

/** Every byte in its place and no other touched: any bits, those of infinities and not-a-number too. */
export const packWeightCases = kernelCases('pack-weight', packWeightShapes, {
  prepare: preparePackWeight,
  async check(device, shape) {
    const random = new Random(26)
    const prepared = await preparePackWeight(device, shape)
    const { source: words, packed: blocks } = prepared.tensors
    const source = Uint32Array.from({ length: elementCount(words.shape) }, () => random.integer(2 ** 32))
    const packed = new Uint32Array(tensorBytes(blocks) / 4).fill(0xabcdef01)
    const found = await runPrepared(device, prepared, { source, packed }, 'packed')
    const expected = new Uint8Array(packed.buffer)
    packWeightReference(new Uint8Array(source.buffer), expected, shape)
    return [compareBits('packed', new Uint8Array(found.packed), expected)]
  },
})
