import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { boundWords } from '../likeliest/likeliest.ts'
import { prepareKeepLikeliest } from './keep-likeliest.bench.ts'
import { isKeptReference, keepLikeliestShapes } from './keep-likeliest.reference.ts'

/** Of every distribution, what comes no later than some token of it, and what min-p keeps. */
export const keepLikeliestChecks = checkCases(
  'keep-likeliest',
  keepLikeliestShapes,
  async (device, shape) => {
    const { rows, width, firstId } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      for (const minP of [0, 0.05]) {
        const random = new Random(45)
        const scores = distributedRows(kind, random, rows, width)
        const eachRow = Array.from({ length: rows }, (_, row) => rowOf(scores, row, width))
        const maxima = eachRow.map(numbers => numbers.reduce((a, b) => Math.max(a, b)))
        const lastIds = eachRow.map(() => random.integer(width))
        const bounds = new Uint32Array(rows * boundWords)
        for (const [row, id] of lastIds.entries())
          bounds.set(boundOf(eachRow[row]![id]!, firstId + id, maxima[row]!), row * boundWords)
        const prepared = await prepareKeepLikeliest(device, shape, minP)
        const { scores: left } = await runPrepared(device, prepared, { scores, bounds }, 'scores')
        for (const [row, numbers] of eachRow.entries()) {
          const last = { score: numbers[lastIds[row]!]!, id: lastIds[row]! }
          const expected = numbers.map((score, id) =>
            isKeptReference({ score, id }, last, maxima[row]!, minP) ? score : Number.NEGATIVE_INFINITY,
          )
          const found = rowOf(new Float32Array(left), row, width)
          comparisons.push(compareBits(`${kind}, min-p ${minP}, row ${row}`, found, expected))
        }
      }
    }
    return comparisons
  },
)

/** The bound at a token: words of the maximum, of its distance from it, of the order of its bits, and of its id. */
function boundOf(score: number, id: number, maximum: number): number[] {
  const [bits = 0, maximumBits = 0] = new Uint32Array(new Float32Array([score, maximum]).buffer)
  const order = score === 0 ? 0x80000000 : bits >>> 31 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0
  const distance = Math.fround(Math.fround(maximum - score) * 1024)
  return [maximumBits, 65535 - Math.floor(Math.min(distance, 65535)), order, 0xffffff - id]
}
