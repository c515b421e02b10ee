import { kernelCases } from '../gpu/cases.ts'
import { compareClose, kernelTolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions, rowOf } from '../gpu/random.ts'
import { processLogits, seenWords } from './process-logits.ts'

const processLogitsShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0, slots: 1 },
  { name: 'odd', rows: 5, width: 331, firstId: 0, slots: 7 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901, slots: 3 },
  { name: '7B vocabulary', rows: 1, width: 152064, firstId: 0, slots: 1 },
] as const

/** One row: x − shift, then divided by the penalty where it is positive and multiplied elsewhere, then over the temperature. */
export function processLogitsReference(
  logits: ArrayLike<number>,
  shift: number,
  isSeen: (index: number) => boolean,
  penalty: number,
  temperature: number,
): Float64Array {
  const processed = new Float64Array(logits.length)
  for (let i = 0; i < logits.length; i++) {
    let x = logits[i]! - shift
    if (isSeen(i)) x = x > 0 ? x / penalty : x * penalty
    processed[i] = x / temperature
  }
  return processed
}

/** Logits to be processed, with their tensors. */
export function prepareProcessLogits(
  device: Device,
  shape: { rows: number; width: number; firstId: number; slots: number },
  penalty = 1.1,
  temperature = 0.7,
) {
  const { rows, width, firstId, slots } = shape
  return prepareKernel(
    device,
    {
      logits: ['f32', [rows, width]],
      shifts: ['f32', [rows]],
      slots: ['u32', [rows]],
      seen: ['u32', [slots, seenWords(firstId + width)]],
      processed: ['f32', [rows, width]],
    },
    (recorder, tensors) => processLogits(recorder, { ...tensors, penalty, temperature, firstId }),
  )
}

/** Penalties and temperatures to check. */
const settings = [
  [1.3, 0.7],
  [0.8, 1],
  [1, 2],
] as const

/** Every distribution, with and without penalty, temperature and shift. */
export const processLogitsCases = kernelCases('process-logits', processLogitsShapes, {
  prepare: (device, shape) => prepareProcessLogits(device, shape),
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 41, settings }, async (drawn, [penalty, temperature]) => {
      const { kind, matrix: logits, eachRow, random } = drawn
      const { rows, width, firstId, slots: slotCount } = shape
      const words = seenWords(firstId + width)
      const seen = Uint32Array.from({ length: slotCount * words }, () => random.integer(2 ** 32))
      const slots = Uint32Array.from({ length: rows }, () => random.integer(slotCount))
      const shifts = Float32Array.from({ length: rows }, (_, row) => row * 2.5)
      const prepared = await prepareProcessLogits(device, shape, penalty, temperature)
      const inputs = { logits, shifts, slots, seen }
      const { processed } = await runPrepared(device, prepared, inputs, 'processed')
      return eachRow.map((raw, row) => {
        const isSeen = (i: number) =>
          ((seen[slots[row]! * words + Math.floor((firstId + i) / 32)]! >>> ((firstId + i) % 32)) & 1) === 1
        const expected = processLogitsReference(raw, shifts[row]!, isSeen, penalty, temperature)
        const found = rowOf(new Float32Array(processed), row, width)
        const what = `${kind}, penalty ${penalty}, temperature ${temperature}, row ${row}`
        return compareClose(what, found, expected, kernelTolerance)
      })
    }),
})
