import { type WeightType, weightTypes } from './weight-types.ts'

/**
 * The numbers of stored blocks, as ggml's reference makes them in f32 (dequantize_row_* of ggml-quants.c), block by block
 * in plain loops: what the kernels are held against. `bytes` are whole blocks.
 */
export function dequantize(type: WeightType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const { inputs, bytes: blockBytes } = weightTypes[type]
  const values = new Float32Array((bytes.length / blockBytes) * inputs)
  for (let block = 0; block * blockBytes < bytes.length; block++) {
    const stored = bytes.subarray(block * blockBytes, (block + 1) * blockBytes)
    dequantizers[type](stored, values.subarray(block * inputs, (block + 1) * inputs))
  }
  return values
}

/** IEEE 754 binary16 as a number. */
export function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const f16At = (block: Uint8Array, at: number) => f16Value(block[at]! | (block[at + 1]! << 8))
const wordAt = (block: Uint8Array, at: number) =>
  new DataView(block.buffer, block.byteOffset + at).getUint32(0, true)
const signed = (byte: number) => (byte << 24) >> 24
const { fround } = Math

const iq4Values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
/** Doubled, as the scale is half. */
const mxfp4Values = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

/** Scale and minimum `index` of the eight of a Q4_K or Q5_K block. */
function sixBits(scales: Uint8Array, index: number): { scale: number; minimum: number } {
  if (index < 4) return { scale: scales[index]! & 63, minimum: scales[index + 4]! & 63 }
  const low = scales[index + 4]!
  return {
    scale: (low & 15) | ((scales[index - 4]! >> 6) << 4),
    minimum: (low >> 4) | ((scales[index]! >> 6) << 4),
  }
}

/** Reads one block into its values. */
type Dequantizer = (block: Uint8Array, values: Float32Array) => void

/** 32 inputs in 16 bytes from `at` on: the low nibbles, then the high ones. */
function nibbles(block: Uint8Array, at: number): number[] {
  return Array.from({ length: 32 }, (_, i) => (i < 16 ? block[at + i]! & 15 : block[at + i - 16]! >> 4))
}

/** The same with fifth bits, which lie in a word from `high` on. */
function fiveBits(block: Uint8Array, at: number, high: number): number[] {
  const bits = wordAt(block, high)
  return nibbles(block, at).map((low, i) => low | (((bits >>> i) & 1) << 4))
}

/** Q4_K, and with `high` Q5_K's fifth bits. */
function dequantizeFours(block: Uint8Array, values: Float32Array, at: number, high: number | null): void {
  const [d, dMinimum] = [f16At(block, 0), f16At(block, 2)]
  for (let i = 0; i < 256; i++) {
    const part = Math.floor(i / 32)
    const { scale, minimum } = sixBits(block.subarray(4, 16), part)
    const byte = block[at + Math.floor(i / 64) * 32 + (i % 32)]!
    const nibble = part % 2 === 0 ? byte & 15 : byte >> 4
    const fifth = high === null ? 0 : (block[high + (i % 32)]! >> part) & 1
    values[i] = fround(d * scale) * (nibble + 16 * fifth) - fround(dMinimum * minimum)
  }
}

/** Two bits of 256: byte i mod 32 of each half has those of four parts of 32. */
function twoBits(block: Uint8Array, at: number, i: number): number {
  return (block[at + Math.floor(i / 128) * 32 + (i % 32)]! >> (2 * (Math.floor(i / 32) % 4))) & 3
}

const dequantizers: Record<WeightType, Dequantizer> = {
  f32: (block, values) => {
    values[0] = new DataView(block.buffer, block.byteOffset).getFloat32(0, true)
  },
  f16: (block, values) => {
    values[0] = f16At(block, 0)
  },
  bf16: (block, values) => {
    values[0] = new Float32Array(Uint32Array.of((block[0]! | (block[1]! << 8)) << 16).buffer)[0]!
  },
  q8_0: (block, values) => {
    const d = f16At(block, 0)
    for (let i = 0; i < 32; i++) values[i] = signed(block[2 + i]!) * d
  },
  q4_0: (block, values) => {
    const d = f16At(block, 0)
    for (const [i, q] of nibbles(block, 2).entries()) values[i] = (q - 8) * d
  },
  q4_1: (block, values) => {
    for (const [i, q] of nibbles(block, 4).entries()) values[i] = q * f16At(block, 0) + f16At(block, 2)
  },
  q5_0: (block, values) => {
    for (const [i, q] of fiveBits(block, 6, 2).entries()) values[i] = (q - 16) * f16At(block, 0)
  },
  q5_1: (block, values) => {
    for (const [i, q] of fiveBits(block, 8, 4).entries()) values[i] = q * f16At(block, 0) + f16At(block, 2)
  },
  iq4_nl: (block, values) => {
    for (const [i, code] of nibbles(block, 2).entries()) values[i] = iq4Values[code]! * f16At(block, 0)
  },
  mxfp4: (block, values) => {
    const scale = 2 ** (block[0]! - 128)
    for (const [i, code] of nibbles(block, 1).entries()) values[i] = mxfp4Values[code]! * scale
  },
  q2_k: (block, values) => {
    const [d, dMinimum] = [f16At(block, 80), f16At(block, 82)]
    for (let i = 0; i < 256; i++) {
      const scales = block[Math.floor(i / 16)]!
      values[i] = fround(d * (scales & 15)) * twoBits(block, 16, i) - fround(dMinimum * (scales >> 4))
    }
  },
  q3_k: (block, values) => {
    const d = f16At(block, 108)
    for (let i = 0; i < 256; i++) {
      const sub = Math.floor(i / 16)
      const low = sub < 8 ? block[96 + sub]! & 15 : block[96 + sub - 8]! >> 4
      const high = (block[104 + (sub % 4)]! >> (2 * Math.floor(sub / 4))) & 3
      const third = (block[i % 32]! >> Math.floor(i / 32)) & 1
      values[i] = fround(d * ((low | (high << 4)) - 32)) * (twoBits(block, 32, i) - (third ? 0 : 4))
    }
  },
  q4_k: (block, values) => dequantizeFours(block, values, 16, null),
  q5_k: (block, values) => dequantizeFours(block, values, 48, 16),
  q6_k: (block, values) => {
    const d = f16At(block, 208)
    for (let i = 0; i < 256; i++) {
      const [half, quarter] = [Math.floor(i / 128), Math.floor(i / 32) % 4]
      const byte = block[half * 64 + (quarter % 2) * 32 + (i % 32)]!
      const low = quarter < 2 ? byte & 15 : byte >> 4
      const scale = fround(d * signed(block[192 + Math.floor(i / 16)]!))
      values[i] = scale * ((low | (twoBits(block, 128, i) << 4)) - 32)
    }
  },
}
