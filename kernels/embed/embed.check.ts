import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { packInto, storedWeight } from '../pack-weight/stored-weight.ts'
import { prepareEmbed } from './embed.bench.ts'
import { embedReference, embedShapes } from './embed.reference.ts'

/** The exact numbers of random rows, the table's last among them. */
export const embedChecks = checkCases('embed', embedShapes, async (device, shape) => {
  const { rows, width, vocabulary, dtype } = shape
  const random = new Random(25)
  const stored = storedWeight(random, dtype, vocabulary * width, 1)
  const ids = Uint32Array.from({ length: rows }, () => random.integer(vocabulary))
  ids[0] = vocabulary - 1
  const prepared = await prepareEmbed(device, shape)
  await packInto(device, stored, prepared.table)
  const { out } = await runPrepared(device, prepared, { ids }, 'out')
  const expected = new Float32Array(embedReference(ids, stored.values, width))
  return [compareBits('embed', new Float32Array(out), expected)]
})
