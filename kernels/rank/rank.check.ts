import { choiceWords } from '../choose/choose.ts'
import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareRank } from './rank.bench.ts'
import { rankReference, rankShapes } from './rank.reference.ts'

/** The number of likelier logits, ties by the lower id, of every distribution. */
export const rankChecks = checkCases('rank', rankShapes, async (device, shape) => {
  const { rows, width } = shape
  const comparisons = []
  for (const kind of Object.keys(distributions)) {
    const random = new Random(37)
    const logits = distributedRows(kind, random, rows, width)
    const ids = Array.from({ length: rows }, () => random.integer(width))
    const choices = new Uint32Array(rows * choiceWords)
    const chosen = new Float32Array(choices.buffer)
    ids.forEach((id, row) => {
      choices[choiceWords * row] = id
      chosen[choiceWords * row + 1] = logits[row * width + id]!
    })
    const { ranks } = await runPrepared(
      device,
      await prepareRank(device, shape),
      { logits, choices },
      'ranks',
    )
    const expected = ids.map((id, row) => rankReference(rowOf(logits, row, width), id))
    comparisons.push(compareBits(kind, new Uint32Array(ranks, 0, rows), expected))
  }
  return comparisons
})
