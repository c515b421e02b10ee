import { checkCases } from '../gpu/check.ts'
import { compareClose, kernelTolerance } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareProcessLogits } from './process-logits.bench.ts'
import { processLogitsReference, processLogitsShapes } from './process-logits.reference.ts'
import { seenWords } from './process-logits.ts'

/** Every distribution, with and without penalty, temperature and shift. */
export const processLogitsChecks = checkCases(
  'process-logits',
  processLogitsShapes,
  async (device, shape) => {
    const { rows, width, firstId, slots: slotCount } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      for (const [penalty, temperature] of [
        [1.3, 0.7],
        [0.8, 1],
        [1, 2],
      ] as const) {
        const random = new Random(41)
        const words = seenWords(firstId + width)
        const logits = distributedRows(kind, random, rows, width)
        const seen = Uint32Array.from({ length: slotCount * words }, () => random.integer(2 ** 32))
        const slots = Uint32Array.from({ length: rows }, () => random.integer(slotCount))
        const shifts = Float32Array.from({ length: rows }, (_, row) => row * 2.5)
        const prepared = await prepareProcessLogits(device, shape, penalty, temperature)
        const inputs = { logits, shifts, slots, seen }
        const { processed } = await runPrepared(device, prepared, inputs, 'processed')
        for (let row = 0; row < rows; row++) {
          const isSeen = (i: number) =>
            ((seen[slots[row]! * words + Math.floor((firstId + i) / 32)]! >>> ((firstId + i) % 32)) & 1) === 1
          comparisons.push(
            compareClose(
              `${kind}, penalty ${penalty}, temperature ${temperature}, row ${row}`,
              rowOf(new Float32Array(processed), row, width),
              processLogitsReference(rowOf(logits, row, width), shifts[row]!, isSeen, penalty, temperature),
              kernelTolerance,
            ),
          )
        }
      }
    }
    return comparisons
  },
)
