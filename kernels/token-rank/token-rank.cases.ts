import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions } from '../gpu/random.ts'
import { choiceWords } from '../sample/sample.ts'
import { tokenRank } from './token-rank.ts'

const tokenRankShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Number of logits larger than that of `id`, or as large with a lower id. */
function tokenRankReference(logits: ArrayLike<number>, id: number): number {
  let count = 0
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > logits[id]! || (logits[i] === logits[id] && i < id)) count++
  }
  return count
}

/** A ranking with its tensors; every row has chosen id 0 of logit 0. */
function prepareTokenRank(device: Device, { rows, width }: { rows: number; width: number }) {
  return prepareKernel(
    device,
    { logits: ['f32', [rows, width]], choices: ['u32', [rows, choiceWords]], ranks: ['u32', [rows]] },
    (recorder, { logits, choices, ranks }) => tokenRank(recorder, logits, choices, ranks),
  )
}

/** The number of likelier logits, ties by the lower id, of every distribution. */
export const tokenRankCases = kernelCases('rank', tokenRankShapes, {
  prepare: prepareTokenRank,
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 37 }, async ({ kind, matrix: logits, eachRow, random }) => {
      const ids = eachRow.map(row => random.integer(row.length))
      const choices = new Uint32Array(shape.rows * choiceWords)
      const chosen = new Float32Array(choices.buffer)
      for (const [row, id] of ids.entries()) {
        choices[choiceWords * row] = id
        chosen[choiceWords * row + 1] = eachRow[row]![id]!
      }
      const prepared = await prepareTokenRank(device, shape)
      const { ranks } = await runPrepared(device, prepared, { logits, choices }, 'ranks')
      const expected = ids.map((id, row) => tokenRankReference(eachRow[row]!, id))
      return [compareBits(kind, new Uint32Array(ranks, 0, shape.rows), expected)]
    }),
})
