import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { distributedRows, distributions, rowOf } from '../../test/support/distributions.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { prepareRank } from './rank.bench.ts'
import { rankReference, rankShapes } from './rank.reference.ts'
import { rank } from './rank.ts'

describe('rank', async () => {
  const device = await testDevice()

  for (const { name, rows, width } of rankShapes) {
    it(`counts the likelier logits, ties by the lower id, on every distribution: ${name}`, async () => {
      for (const kind of Object.keys(distributions)) {
        const random = new Random(37)
        const logits = distributedRows(kind, random, rows, width)
        const ids = Array.from({ length: rows }, () => random.integer(width))
        const choices = new Uint32Array(rows * 2)
        const chosen = new Float32Array(choices.buffer)
        ids.forEach((id, row) => {
          choices[2 * row] = id
          chosen[2 * row + 1] = logits[row * width + id]!
        })
        const prepared = await prepareRank(device, { rows, width })
        const { ranks } = await runPrepared(device, prepared, { logits, choices }, 'ranks')
        const expected = ids.map((id, row) => rankReference(rowOf(logits, row, width), id))
        expect([...new Uint32Array(ranks, 0, rows)], kind).toEqual(expected)
      }
    })
  }

  it('refuses choices of another number of rows', async () => {
    const logits = await createTensor(device, 'logits', 'f32', [2, 3])
    const choices = await createTensor(device, 'choices', 'u32', [1, 2])
    const ranks = await createTensor(device, 'ranks', 'u32', [2])
    expect(() => rank(new Recorder(device, 'test'), logits, choices, ranks)).toThrow(
      /rank: choices is \[1,2\], expected \[2,2\]/,
    )
  })
})
