import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions } from '../gpu/random.ts'
import { readTopLogits, topK, topKCandidateWords } from './top-k.ts'

const topKShapes = [
  { name: 'width 1', rows: 1, width: 1, k: 1 },
  { name: 'all of an odd row', rows: 3, width: 7, k: 7 },
  { name: 'odd', rows: 5, width: 331, k: 5 },
  { name: 'one more than a slice', rows: 2, width: 2049, k: 20 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008, k: 5 },
  { name: '0.5B vocabulary', rows: 1, width: 151936, k: 5 },
  { name: '7B vocabulary', rows: 1, width: 152064, k: 5 },
] as const

/** Ids of the k largest, largest first, ties by the lower id. Logits must be finite. */
export function topKReference(logits: ArrayLike<number>, k: number): number[] {
  const ids: number[] = []
  while (ids.length < Math.min(k, logits.length)) {
    let best = -1
    for (let id = 0; id < logits.length; id++) {
      if (!ids.includes(id) && (best < 0 || logits[id]! > logits[best]!)) best = id
    }
    ids.push(best)
  }
  return ids
}

/** The variants of the kernel. */
export const topKVariants = ['slices', 'serial'] as const

/** A choice of the largest logits with its tensors. */
export function prepareTopK(
  device: Device,
  { rows, width, k }: { rows: number; width: number; k: number },
  variant: (typeof topKVariants)[number],
) {
  return prepareKernel(
    device,
    {
      logits: ['f32', [rows, width]],
      candidates: ['u32', [topKCandidateWords(rows, width, k)]],
      top: ['u32', [rows, k, 2]],
    },
    (recorder, { logits, candidates, top }) => topK(recorder, logits, candidates, top, variant),
  )
}

/** The largest in order, ties by the lower id, of every distribution. */
export const topKCases = kernelCases('top-k', topKShapes, {
  variants: topKVariants,
  prepare: prepareTopK,
  check: (device, shape, variant) =>
    overDistributions({ ...shape, seed: 32 }, async ({ kind, matrix: logits, eachRow }) => {
      const { k } = shape
      const { top } = await runPrepared(device, await prepareTopK(device, shape, variant), { logits }, 'top')
      return eachRow.flatMap((numbers, row) => {
        const ids = topKReference(numbers, k)
        const found = readTopLogits(top, row, k)
        const [foundIds, foundLogits] = [found.map(({ id }) => id), found.map(({ logit }) => logit)]
        const expected = ids.map(id => numbers[id]!)
        return [
          compareBits(`${kind}, row ${row}: ids`, foundIds, ids),
          compareBits(`${kind}, row ${row}: logits`, foundLogits, expected),
        ]
      })
    }),
})
