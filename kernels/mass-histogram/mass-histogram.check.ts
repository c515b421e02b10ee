import { checkCases } from '../gpu/check.ts'
import { compareBits, compareClose } from '../gpu/compare.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { prepareMassHistogram } from './mass-histogram.bench.ts'
import { massHistogramReference, massHistogramShapes, placeReference } from './mass-histogram.reference.ts'
import { readMassHistogram, searchWords } from './mass-histogram.ts'

/** Sums of f32 exponentials, each cut off below 2^-40. */
const tolerance = { absolute: 1e-6, relative: 1e-5 }

/** Counts to the bit and masses at every byte of some token's place, of every distribution. */
export const massHistogramChecks = checkCases(
  'mass-histogram',
  massHistogramShapes,
  async (device, shape) => {
    const { rows, width, firstId } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      for (const level of [0, 1, 2, 5, 8, 9]) {
        const random = new Random(47)
        const scores = distributedRows(kind, random, rows, width)
        const searches = new Uint32Array(rows * searchWords)
        const prefixes: number[][] = []
        const maxima: number[] = []
        for (let row = 0; row < rows; row++) {
          const numbers = rowOf(scores, row, width)
          const maximum = numbers.reduce((a, b) => Math.max(a, b))
          const id = random.integer(width)
          const prefix = placeReference(numbers[id]!, firstId + id, maximum).slice(0, level)
          prefixes.push(prefix)
          maxima.push(maximum)
          const [maximumBits = 0] = new Uint32Array(new Float32Array([maximum]).buffer)
          const word = (from: number, to: number) => {
            let value = 0
            for (let at = from; at < to; at++) value = value * 256 + (prefix[at] ?? 0)
            return value
          }
          searches.set([maximumBits, word(0, 2), word(2, 6), word(6, 9), level], row * searchWords)
        }
        const prepared = await prepareMassHistogram(device, shape)
        const { histograms } = await runPrepared(device, prepared, { scores, searches }, 'histograms')
        for (let row = 0; row < rows; row++) {
          const what = `${kind}, byte ${level}, row ${row}`
          const found = readMassHistogram(histograms, row)
          const none = { counts: Array(256).fill(0), masses: Array(256).fill(0) }
          const expected =
            level === 9
              ? none
              : massHistogramReference(rowOf(scores, row, width), firstId, maxima[row]!, prefixes[row]!)
          comparisons.push(compareBits(`${what}: counts`, found.counts, expected.counts))
          comparisons.push(compareClose(`${what}: masses`, found.masses, expected.masses, tolerance))
        }
      }
    }
    return comparisons
  },
)
