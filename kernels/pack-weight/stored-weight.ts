import type { Device } from '../gpu/device.ts'
import type { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { tensorFrom } from '../gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, packWeight, type WeightDType } from './pack-weight.ts'

/** A random weight as a checkpoint stores it, and the exact numbers that the stored bits mean. */
export interface StoredWeight {
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

/** Uploads and packs a stored weight [outputs, inputs]. */
export async function packStored(
  device: Device,
  stored: StoredWeight,
  dtype: WeightDType,
  outputs: number,
  inputs: number,
): Promise<PackedWeight> {
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  await packInto(device, stored, weight)
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
