import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { distributedRows, distributions, Random, rowOf } from '../gpu/random.ts'
import { histogramWords, massHistogram, readMassHistogram, searchWords } from './mass-histogram.ts'

/** Shapes to test and time. */
export const massHistogramShapes = [
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

/** The first \`level\` bytes of a sort key, with zeros for the others. */
function firstBytes(key: [number, number, number], level: number): [number, number, number] {
  const kept = (word: number, bytes: number, from: number) => {
    const unit = 256 ** Math.max(0, Math.min(bytes, bytes + from - level))
    return Math.floor(word / unit) * unit
  }
  return [kept(key[0], 2, 0), kept(key[1], 4, 2), kept(key[2], 3, 6)]
}

/** Byte \`level\` of a sort key. */
function byteOf(key: [number, number, number], level: number): number {
  const [word, shift] =
    level < 2 ? [key[0], 1 - level] : level < 6 ? [key[1], 5 - level] : [key[2], 8 - level]
  return Math.floor(word / 256 ** shift) % 256
}

/** Counts and masses of the tokens whose sort keys share their first `level` bytes with `key`, by their next byte. */
export function massHistogramReference(
  scores: ArrayLike<number>,
  firstId: number,
  maximum: number,
  key: [number, number, number],
  level: number,
): { counts: number[]; masses: number[] } {
  const counts = Array<number>(256).fill(0)
  const masses = Array<number>(256).fill(0)
  for (let i = 0; i < scores.length; i++) {
    const own = sortKeyReference(scores[i]!, firstId + i, maximum)
    if (firstBytes(own, level).join() !== firstBytes(key, level).join()) continue
    const next = byteOf(own, level)
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
        const keys: [number, number, number][] = []
        for (let row = 0; row < rows; row++) {
          const numbers = rowOf(scores, row, width)
          const maximum = numbers.reduce((a, b) => Math.max(a, b))
          const id = random.integer(width)
          const key = sortKeyReference(numbers[id]!, firstId + id, maximum)
          maxima.push(maximum)
          keys.push(key)
          searches.set([bitsOfF32(maximum), ...firstBytes(key, level), level], row * searchWords)
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
              : massHistogramReference(rowOf(scores, row, width), firstId, maxima[row]!, keys[row]!, level)
          comparisons.push(compareBits(`${what}: counts`, found.counts, expected.counts))
          comparisons.push(compareClose(`${what}: masses`, found.masses, expected.masses, tolerance))
        }
      }
    }
    return comparisons
  },
})
