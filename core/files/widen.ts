import type { WeightDType } from '../../kernels/pack-weight/pack-weight.ts'

/** Numbers of any weight format as f32, exactly. Bytes are little-endian, as safetensors keeps them. */
export function widen(bytes: ArrayBuffer, dtype: WeightDType): Float32Array<ArrayBuffer> {
  if (dtype === 'f32') return new Float32Array(bytes)
  const halves = new Uint16Array(bytes)
  if (dtype === 'f16') return Float32Array.from(halves, f16Value)
  return new Float32Array(Uint32Array.from(halves, bits => bits << 16).buffer)
}

/** IEEE 754 binary16. */
function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
