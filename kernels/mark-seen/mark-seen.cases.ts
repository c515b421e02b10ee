import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { seenWords } from '../process-logits/process-logits.ts'
import { chosenBefore } from '../shared/row-token.ts'
import { markSeen } from './mark-seen.ts'

const markSeenShapes = [
  { name: 'one token', rows: 1, slots: 1, vocabulary: 1 },
  { name: 'odd', rows: 77, slots: 5, vocabulary: 331 },
  { name: '7B vocabulary, 64 sequences', rows: 64, slots: 64, vocabulary: 152064 },
] as const

/** Rows of which every third takes what the step before chose, with their tensors. */
export function prepareMarkSeen(
  device: Device,
  { rows, slots, vocabulary }: { rows: number; slots: number; vocabulary: number },
) {
  return prepareKernel(
    device,
    {
      ids: ['u32', [rows]],
      slots: ['u32', [rows]],
      chosen: ['u32', [rows, 4]],
      seen: ['u32', [slots, seenWords(vocabulary)]],
    },
    (recorder, { chosen, ...tensors }) =>
      markSeen(recorder, { ...tensors, chosen: { tensor: chosen, word: 0 } }),
  )
}

/** The bits of all tokens of rows, known and chosen, beside those that stood before. */
export const markSeenCases = kernelCases('mark-seen', markSeenShapes, {
  prepare: prepareMarkSeen,
  async check(device, shape) {
    const random = new Random(61)
    const tokens = Uint32Array.from({ length: shape.rows }, () => random.integer(shape.vocabulary))
    const slots = Uint32Array.from({ length: shape.rows }, () => random.integer(shape.slots))
    const chosen = new Uint32Array(shape.rows * 4)
    const ids = tokens.map((token, row) => {
      if (row % 3 > 0) return token
      const place = shape.rows - 1 - row
      chosen[4 * place] = token
      return chosenBefore(place)
    })
    const words = seenWords(shape.vocabulary)
    const seen = Uint32Array.from({ length: shape.slots * words }, () => 1 << random.integer(32))
    const expected = seen.slice()
    for (const [row, token] of tokens.entries())
      expected[slots[row]! * words + (token >>> 5)]! |= 1 << (token & 31)
    const found = await runPrepared(
      device,
      await prepareMarkSeen(device, shape),
      { ids, slots, chosen, seen },
      'seen',
    )
    return [compareBits('seen', new Uint32Array(found.seen), expected)]
  },
})
