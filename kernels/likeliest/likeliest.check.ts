import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import type { Device } from '../gpu/device.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { tensorFrom } from '../gpu/tensor.ts'
import { keepLikeliest } from '../keep-likeliest/keep-likeliest.ts'
import { prepareLikeliest } from './likeliest.bench.ts'
import { likeliestReference, likeliestShapes } from './likeliest.reference.ts'
import type { LikeliestBounds } from './likeliest.ts'

/** Where a sum comes as near to p as this, rounding may keep one token less or more. */
export const likeliestMargin = 1e-6

/** What is kept of every distribution with top-k, top-p and both, ties by the lower id. */
export const likeliestChecks = checkCases('likeliest', likeliestShapes, async (device, shape) => {
  const { rows, width } = shape
  const comparisons = []
  for (const kind of Object.keys(distributions)) {
    const scores = distributedRows(kind, new Random(43), rows, width)
    for (const [topK, topP] of [
      [50, 1],
      [0, 0.9],
      [20, 0.8],
      [width, 0.9999],
    ] as const) {
      const kept = await keptIds(device, shape, scores, { topK, topP })
      for (const [row, found] of kept.entries()) {
        const { ids, margin } = likeliestReference(rowOf(scores, row, width), topK, topP)
        const expected = ids.toSorted((a, b) => a - b)
        const what = `${kind}, top-k ${topK}, top-p ${topP}, row ${row}`
        comparisons.push(compareBits(what, found, margin < likeliestMargin ? found : expected))
      }
    }
  }
  return comparisons
})

/** Ids of each row that `likeliest` and `keepLikeliest` leave finite. */
export async function keptIds(
  device: Device,
  shape: { rows: number; width: number },
  scores: Float32Array<ArrayBuffer>,
  limits: LikeliestBounds,
): Promise<number[][]> {
  const { rows, width } = shape
  const prepared = await prepareLikeliest(device, shape, limits)
  const tensor = await tensorFrom(device, 'scores', [rows, width], scores)
  const recorder = new Recorder(device, 'likeliest')
  prepared.tensors.scores = tensor
  prepared.record(recorder)
  keepLikeliest(recorder, { scores: tensor, bounds: prepared.tensors.bounds, minP: 0 })
  const [bytes] = await recorder.submitAndRead(tensor)
  prepared.destroy()
  const left = new Float32Array(bytes!)
  return Array.from({ length: rows }, (_, row) =>
    [...rowOf(left, row, width).entries()].filter(([, x]) => Number.isFinite(x)).map(([id]) => id),
  )
}
