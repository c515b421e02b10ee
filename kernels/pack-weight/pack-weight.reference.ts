/** Shapes to test and time: rows of a checkpoint, and where they go in a weight of `outputs` outputs. */
export const packWeightShapes = [
  { name: 'width 1', rows: 1, inputs: 1, outputs: 1, firstOutput: 0, outputStride: 1, dtype: 'f32' },
  { name: 'width 1 bf16', rows: 3, inputs: 1, outputs: 3, firstOutput: 0, outputStride: 1, dtype: 'bf16' },
  {
    name: 'odd f16, interleaved',
    rows: 5,
    inputs: 131,
    outputs: 11,
    firstOutput: 1,
    outputStride: 2,
    dtype: 'f16',
  },
  {
    name: 'odd f32, after others',
    rows: 17,
    inputs: 66,
    outputs: 40,
    firstOutput: 20,
    outputStride: 1,
    dtype: 'f32',
  },
  { name: '0.5B gate', rows: 64, inputs: 896, outputs: 128, firstOutput: 0, outputStride: 2, dtype: 'bf16' },
  { name: '0.5B down', rows: 33, inputs: 4864, outputs: 33, firstOutput: 0, outputStride: 1, dtype: 'bf16' },
  { name: '7B up', rows: 296, inputs: 3584, outputs: 592, firstOutput: 1, outputStride: 2, dtype: 'bf16' },
  { name: '7B down', rows: 16, inputs: 18944, outputs: 16, firstOutput: 0, outputStride: 1, dtype: 'bf16' },
] as const

/**
 * Writes row r of `source` [rows, inputs] to output firstOutput + r · outputStride of `packed`, elements being whole bit
 * patterns: packed[(i / blockSize, output, i mod blockSize)], zeros after the last input.
 */
export function packWeightReference(
  source: ArrayLike<number>,
  packed: Uint16Array | Uint32Array,
  {
    rows,
    inputs,
    outputs,
    firstOutput,
    outputStride,
  }: Omit<(typeof packWeightShapes)[number], 'name' | 'dtype'>,
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
