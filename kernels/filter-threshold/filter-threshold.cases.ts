import { applyFilter } from '../apply-filter/apply-filter.ts'
import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions, rowOf } from '../gpu/random.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { boundWords, type FilterLimits, filterThreshold } from './filter-threshold.ts'

const filterThresholdShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/**
 * Ids that are kept, likeliest first: of the tokens sorted by score, ties by the lower id, the first k, and of these the
 * fewest whose softmax reaches p. Also how near p came to a sum at which one token less or more would be kept.
 */
export function filterReference(
  scores: ArrayLike<number>,
  topK: number,
  topP: number,
): { ids: number[]; margin: number } {
  const order = Array.from({ length: scores.length }, (_, id) => id)
  order.sort((a, b) => scores[b]! - scores[a]! || a - b)
  const first = topK > 0 ? order.slice(0, topK) : order
  if (topP >= 1) return { ids: first, margin: 1 }
  const maximum = scores[first[0]!]!
  let whole = 0
  for (const id of first) whole += Math.exp(scores[id]! - maximum)
  let margin = 1
  let sum = 0
  for (const [place, id] of first.entries()) {
    margin = Math.min(margin, Math.abs(sum / whole - topP))
    sum += Math.exp(scores[id]! - maximum)
    margin = Math.min(margin, Math.abs(sum / whole - topP))
    if (sum / whole >= topP) return { ids: first.slice(0, place + 1), margin }
  }
  return { ids: first, margin: 0 }
}

/** A search for the likeliest tokens with its tensors. */
function prepareFilterThreshold(
  device: Device,
  { rows, width }: { rows: number; width: number },
  limits: FilterLimits = { topK: 0, topP: 0.9 },
) {
  return prepareKernel(
    device,
    { scores: ['f32', [rows, width]], bounds: ['u32', [rows, boundWords]] },
    (recorder, { scores, bounds }) => filterThreshold(recorder, scores, bounds, limits),
  )
}

/** Where a sum comes as near to p as this, rounding may keep one token less or more. */
export const filterMargin = 1e-6

/**
 * What is kept of every distribution with top-k, top-p and both, ties by the lower id.
 * What is timed: top-p over logits that are nearly alike, its worst case.
 */
export const filterThresholdCases = kernelCases('likeliest', filterThresholdShapes, {
  prepare: (device, shape) => prepareFilterThreshold(device, shape),
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 43, settings: limitsOf(shape) }, async (drawn, limits) => {
      const { kind, matrix, eachRow } = drawn
      const { topK, topP } = limits
      const kept = await keptIds(device, shape, matrix, limits)
      return kept.map((found, row) => {
        const { ids, margin } = filterReference(eachRow[row]!, topK, topP)
        const expected = margin < filterMargin ? found : ids.toSorted((a, b) => a - b)
        return compareBits(`${kind}, top-k ${topK}, top-p ${topP}, row ${row}`, found, expected)
      })
    }),
})

/** Limits to check. */
function limitsOf({ width }: { width: number }): FilterLimits[] {
  return [
    { topK: 50, topP: 1 },
    { topK: 0, topP: 0.9 },
    { topK: 20, topP: 0.8 },
    { topK: width, topP: 0.9999 },
  ]
}

/** Ids of each row that `filterThreshold` and `applyFilter` leave finite. */
export async function keptIds(
  device: Device,
  shape: { rows: number; width: number },
  scores: Float32Array<ArrayBuffer>,
  limits: FilterLimits,
): Promise<number[][]> {
  const { rows, width } = shape
  const prepared = await prepareFilterThreshold(device, shape, limits)
  const record = (recorder: Recorder) => {
    prepared.record(recorder)
    applyFilter(recorder, { ...prepared.tensors, minP: 0 })
  }
  const found = await runPrepared(device, { ...prepared, record }, { scores }, 'scores')
  const left = new Float32Array(found.scores)
  return Array.from({ length: rows }, (_, row) =>
    [...rowOf(left, row, width).entries()].filter(([, x]) => Number.isFinite(x)).map(([id]) => id),
  )
}
