import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { preparePackWeight } from './pack-weight.bench.ts'
import { packWeightReference, packWeightShapes } from './pack-weight.reference.ts'
import { createPackedWeight, packWeight } from './pack-weight.ts'

describe('pack-weight', async () => {
  const device = await testDevice()

  it.each(packWeightShapes)('moves every bit to its place and no other: $name', async shape => {
    const Words = shape.dtype === 'f32' ? Uint32Array : Uint16Array
    const random = new Random(26)
    const wordCount = Math.ceil((shape.rows * shape.inputs * Words.BYTES_PER_ELEMENT) / 4)
    // Any bits, those of infinities and not-a-number too.
    const source = Uint32Array.from({ length: wordCount }, () => random.integer(2 ** 32))
    const prepared = await preparePackWeight(device, shape)
    const packedBytes = prepared.tensors.packed.shape.reduce((product, size) => product * size, 4)
    const packed = new Uint32Array(packedBytes / 4).fill(0xabcdef01)
    const found = await runPrepared(device, prepared, { source, packed }, 'packed')
    const expected = new Words(packed.buffer)
    packWeightReference(new Words(source.buffer), expected, shape)
    expectSameBits(`pack-weight ${shape.name}`, new Words(found.packed), expected)
  })

  it('refuses rows that do not fit, naming both', async () => {
    const weight = await createPackedWeight(device, 'weight', 'bf16', 4, 8)
    const recorder = new Recorder(device, 'test')
    const rows = await createTensor(device, 'rows', 'bf16', [3, 8])
    expect(() => packWeight(recorder, rows, weight, { firstOutput: 2 })).toThrow(
      /rows is bf16 \[3,8\], expected bf16 \[rows, 8\] with row 2 \+ i·1 below 4 of weight/,
    )
    const narrow = await createTensor(device, 'narrow', 'bf16', [3, 7])
    expect(() => packWeight(recorder, narrow, weight)).toThrow(/narrow is bf16 \[3,7\]/)
    const f16 = await createTensor(device, 'halves', 'f16', [3, 8])
    expect(() => packWeight(recorder, f16, weight)).toThrow(/halves is f16/)
  })
})
