import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { elementCount } from '../gpu/tensor.ts'
import { prepareCopySlots } from './copy-slots.bench.ts'
import { copySlotsReference, copySlotsShapes } from './copy-slots.reference.ts'

/** Keys and values of every slot after the copies, to the bit. */
export const copySlotsChecks = checkCases('copy-slots', copySlotsShapes, async (device, shape) => {
  const random = new Random(49)
  const prepared = await prepareCopySlots(device, shape)
  const keys = random.normals(elementCount(prepared.tensors.keys.shape))
  const values = random.normals(keys.length)
  const found = await runPrepared(device, prepared, { keys, values }, 'keys', 'values')
  const { copies } = shape
  return [
    compareBits('keys', new Float32Array(found.keys), copySlotsReference(keys, true, shape, copies)),
    compareBits('values', new Float32Array(found.values), copySlotsReference(values, false, shape, copies)),
  ]
})
