import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { distributedRows, distributions, Random, rowOf } from '../gpu/random.ts'
import { histogramWords, massHistogram, readMassHistogram, searchWords } from './mass-histogram.ts'

/** Shapes to test and time. */
const massHistogramShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0 },
  { name: 'odd', rows: 5, width: 331, firstId: 0 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901 },
  { name: '7B vocabulary, rank of 8', rows: 1, width: 19008, firstId: 19008 },
] as const

/** The three words of a token's sort key (shared/sort-key.wgsl): nine bytes, the larger the likelier. */
export function sortKeyReference(score: number, id: number, maximum: number): [number, number, number] {
  const distance = Math.min(65535, Math.trunc(Math.fround(Math.fround(maximum - score) * 1024)))
  const bits = bitsOfF32(score + 0)
  const order = bits >= 2 ** 31 ? 2 ** 32 - 1 - bits : bits + 2 ** 31
  return [65535 - distance, order, 2 ** 24 - 1 - id]
}

/** The word of an f32. */
export function bitsOfF32(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0]!
}

/** The nine bytes of a sort key. */
function bytesOfKey([high, middle, low]: [number, number, number]): number[] {
  const bytesOf = (word: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.floor(word / 256 ** (count - 1 - i)) % 256)
  return [...bytesOf(high, 2), ...bytesOf(middle, 4), ...bytesOf(low, 3)]
}

/** The three words of a sort key of which only the first bytes are known. */
function wordsOfBytes(bytes: readonly number[]): number[] {
  const word = (from: number, to: number) => {
    let value = 0
    for (let at = from; at < to; at++) value = value * 256 + (bytes[at] ?? 0)
    return value
  }
  return [word(0, 2), word(2, 6), word(6, 9)]
}

/** Counts and masses of the tokens whose sort keys begin with these bytes, by the next one. */
function massHistogramReference(
  scores: ArrayLike<number>,
  firstId: number,
  maximum: number,
  prefix: readonly number[],
): { counts: number[]; masses: number[] } {
  const counts = Array<number>(256).fill(0)
  const masses = Array<number>(256).fill(0)
  for (let i = 0; i < scores.length; i++) {
    const bytes = bytesOfKey(sortKeyReference(scores[i]!, firstId + i, maximum))
    if (prefix.some((byte, at) => bytes[at] !== byte)) continue
    const next = bytes[prefix.length]!
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
 * Counts to the bit and masses at every byte of some token's sort key, of every distribution.
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
        const maxima: number[] = []
        const prefixes: number[][] = []
        for (let row = 0; row < rows; row++) {
          const numbers = rowOf(scores, row, width)
          const maximum = numbers.reduce((a, b) => Math.max(a, b))
          const id = random.integer(width)
          const prefix = bytesOfKey(sortKeyReference(numbers[id]!, firstId + id, maximum)).slice(0, level)
          maxima.push(maximum)
          prefixes.push(prefix)
          searches.set([bitsOfF32(maximum), ...wordsOfBytes(prefix), level], row * searchWords)
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
