import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { packInto, storedWeight } from '../../test/support/weights.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { prepareEmbed } from './embed.bench.ts'
import { embedReference, embedShapes } from './embed.reference.ts'
import { embed } from './embed.ts'

describe('embed', async () => {
  const device = await testDevice()

  it.each(embedShapes)('gives the exact numbers of the rows: $name', async shape => {
    const { rows, width, vocabulary, dtype } = shape
    const random = new Random(25)
    const stored = storedWeight(random, dtype, vocabulary * width, 1)
    const ids = Uint32Array.from({ length: rows }, () => random.integer(vocabulary))
    ids[0] = vocabulary - 1
    const prepared = await prepareEmbed(device, shape)
    await packInto(device, stored, prepared.table)
    const found = new Float32Array((await runPrepared(device, prepared, { ids }, 'out')).out)
    const expected = new Float32Array(embedReference(ids, stored.values, width))
    expectSameBits(`embed ${shape.name}`, found, expected)
  })

  it('gives zeros for an id outside the vocabulary', async () => {
    const prepared = await prepareEmbed(device, { rows: 3, width: 12, vocabulary: 5, dtype: 'bf16' })
    const ids = new Uint32Array([4, 5, 0xffffffff])
    const found = new Float32Array((await runPrepared(device, prepared, { ids }, 'out')).out)
    expect([...found.subarray(12)]).toEqual(new Array(24).fill(0))
    expect(found.subarray(0, 12)).not.toContain(0)
  })

  it('refuses an output of another width', async () => {
    const prepared = await prepareEmbed(device, { rows: 2, width: 12, vocabulary: 5, dtype: 'f32' })
    const out = await createTensor(device, 'out', 'f32', [2, 13])
    const recorder = new Recorder(device, 'test')
    expect(() => embed(recorder, prepared.tensors.ids, prepared.table, out)).toThrow(
      /embed: out is \[2,13\], expected \[2,12\]/,
    )
  })
})
