import { boundWords } from '../filter-threshold/filter-threshold.ts'
import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions, rowOf } from '../gpu/random.ts'
import { bitsOfF32, sortKeyReference } from '../mass-histogram/mass-histogram.cases.ts'
import { applyFilter } from './apply-filter.ts'

const applyFilterShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0 },
  { name: 'odd', rows: 5, width: 331, firstId: 0 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901 },
  { name: '7B vocabulary', rows: 1, width: 152064, firstId: 0 },
] as const

/** Whether a token is kept: it comes no later than the last one that may be, and is at least min-p times as likely as the maximum. */
function isKeptReference(
  token: { score: number; id: number },
  last: { score: number; id: number },
  maximum: number,
  minP: number,
): boolean {
  const inOrder = token.score > last.score || (token.score === last.score && token.id <= last.id)
  return inOrder && (minP === 0 || token.score - maximum >= Math.log(minP))
}

/** Scores and bounds; of zeros, these keep everything. */
export function prepareApplyFilter(
  device: Device,
  { rows, width, firstId }: { rows: number; width: number; firstId: number },
  minP = 0.05,
) {
  return prepareKernel(
    device,
    { scores: ['f32', [rows, width]], bounds: ['u32', [rows, boundWords]] },
    (recorder, tensors) => applyFilter(recorder, { ...tensors, minP, firstId }),
  )
}

/** Of every distribution, what comes no later than some token of it, and what min-p keeps. */
export const applyFilterCases = kernelCases('keep-likeliest', applyFilterShapes, {
  prepare: (device, shape) => prepareApplyFilter(device, shape),
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 45, settings: [0, 0.05] }, async (drawn, minP) => {
      const { kind, matrix: scores, eachRow, random } = drawn
      const { rows, width, firstId } = shape
      const maxima = eachRow.map(numbers => numbers.reduce((a, b) => Math.max(a, b)))
      const lastIds = eachRow.map(() => random.integer(width))
      const bounds = new Uint32Array(rows * boundWords)
      for (const [row, id] of lastIds.entries()) {
        const key = sortKeyReference(eachRow[row]![id]!, firstId + id, maxima[row]!)
        bounds.set([bitsOfF32(maxima[row]!), ...key], row * boundWords)
      }
      const prepared = await prepareApplyFilter(device, shape, minP)
      const { scores: left } = await runPrepared(device, prepared, { scores, bounds }, 'scores')
      return eachRow.map((numbers, row) => {
        const last = { score: numbers[lastIds[row]!]!, id: lastIds[row]! }
        const expected = numbers.map((score, id) =>
          isKeptReference({ score, id }, last, maxima[row]!, minP) ? score : Number.NEGATIVE_INFINITY,
        )
        const found = rowOf(new Float32Array(left), row, width)
        return compareBits(`${kind}, min-p ${minP}, row ${row}`, found, expected)
      })
    }),
})
