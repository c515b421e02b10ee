import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { distributedRows, distributions, Random, rowOf } from '../gpu/random.ts'
import { histogramWords, massHistogram, readMassHistogram, searchWords } from './mass-histogram.ts'

/** Shapes to test and time; the level is how many bytes of the place are given. */
export const massHistogramShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0 },
  { name: 'odd', rows: 5, width: 331, firstId: 0 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901 },
  { name: '7B vocabulary, rank of 8', rows: 1, width: 19008, firstId: 19008 },
] as const

/** The nine bytes of a token's place: distance from the maximum, order of the score's bits, id; the larger the likelier. */
export function sortKeyReference(score: number, id: number, maximum: number): number[] {
  const distance = Math.min(65535, Math.trunc(Math.fround(Math.fround(maximum - score) * 1024)))
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, score + 0)
  const bits = view.getUint32(0)
  const order = bits >= 2 ** 31 ? 2 ** 32 - 1 - bits : bits + 2 ** 31
  const nearness = 65535 - distance
  const inverted = 2 ** 24 - 1 - id
  const bytesOf = (value: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) % 256)
  return [...bytesOf(nearness, 2), ...bytesOf(order, 4), ...bytesOf(inverted, 3)]
}

/** Counts and masses of the tokens whose places begin with `prefix`, by their next byte. */
export function massHistogramReference(
  scores: ArrayLike<number>,
  firstId: number,
  maximum: number,
  prefix: readonly number[],
): { counts: number[]; masses: number[] } {
  const counts = Array<number>(256).fill(0)
  const masses = Array<number>(256).fill(0)
  for (let i = 0; i < scores.length; i++) {
    const place = sortKeyReference(scores[i]!, firstId + i, maximum)
    if (prefix.some((byte, at) => place[at] !== byte)) continue
    const next = place[prefix.length]!
    counts[next]!++
    masses[next]! += Math.exp(scores[i]! - maximum)
  }
  return { counts, masses }
}

/** A histogram with its tensors. */
export function prepareMassHistogram(
  device: Device,
  { rows, width, firstId }: { rows: number; width: number; firstId: number },
) {
  return prepareKernel(
    device,
    {
      scores: ['f32', [rows, width]],
      searches: ['u32', [rows, searchWords]],
      histograms: ['u32', [rows, histogramWords]],
    },
    (recorder, tensors) => massHistogram(recorder, { ...tensors, firstId }),
  )
}

/** Sums of f32 exponentials, each cut off below 2^-40. */
const tolerance = { absolute: 1e-6, relative: 1e-5 }

/**
 * Counts to the bit and masses at every byte of some token's place, of every distribution.
 * What is timed: the first byte, for which every token counts.
 */
export const massHistogramCases = kernelCases('mass-histogram', massHistogramShapes, {
  prepare: prepareMassHistogram,
  async check(device, shape) {
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
          const prefix = sortKeyReference(numbers[id]!, firstId + id, maximum).slice(0, level)
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
})
