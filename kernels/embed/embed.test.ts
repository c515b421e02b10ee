import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { chosenBefore } from '../shared/row-token.ts'
import { embedCases, prepareEmbed } from './embed.cases.ts'
import { embed } from './embed.ts'

describe('embed', async () => {
  const device = await testDevice()

  it.each(embedCases.checks)('gives the exact numbers of the rows: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('gives zeros for an id outside the vocabulary', async () => {
    const prepared = await prepareEmbed(device, { rows: 3, width: 12, vocabulary: 5, dtype: 'bf16' })
    const ids = new Uint32Array([4, 5, 0xffffffff])
    const found = new Float32Array((await runPrepared(device, prepared, { ids }, 'out')).out)
    expect([...found.subarray(12)]).toEqual(new Array(24).fill(0))
    expect(found.subarray(0, 12)).not.toContain(0)
  })

  it('takes tokens that the step before chose, and zeros for a row that it did not score', async () => {
    const prepared = await prepareEmbed(device, { rows: 5, width: 12, vocabulary: 9, dtype: 'f32' })
    const chosen = await tensorFrom(device, 'chosen', [3, 2], new Uint32Array([70, 7, 80, 4, 90, 8]))
    const ids = new Uint32Array([6, chosenBefore(1), 2, chosenBefore(0), chosenBefore(3)])
    const known = await runPrepared(
      device,
      await prepareEmbed(device, { rows: 5, width: 12, vocabulary: 9, dtype: 'f32' }),
      { ids: new Uint32Array([6, 4, 2, 7, 9]) },
      'out',
    )
    const { ids: idTensor, out } = prepared.tensors
    const record = (recorder: Recorder) =>
      embed(recorder, idTensor, prepared.table, out, { chosen: { tensor: chosen, word: 1 } })
    const found = await runPrepared(device, { ...prepared, record }, { ids }, 'out')
    expect(new Float32Array(found.out)).toEqual(new Float32Array(known.out))
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
