import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { elementCount } from '../gpu/tensor.ts'
import { preparePackWeight } from './pack-weight.bench.ts'
import { packWeightReference, packWeightShapes } from './pack-weight.reference.ts'

/** Every bit in its place and no other touched: any bits, those of infinities and not-a-number too. */
export const packWeightChecks = checkCases('pack-weight', packWeightShapes, async (device, shape) => {
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
})
