import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions } from '../gpu/random.ts'
import { histogramWords, massHistogram, readMassHistogram, searchWords } from './mass-histogram.ts'

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
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 47, settings: [0, 1, 2, 5, 8, 9] }, async (drawn, level) => {
      const { kind, matrix: scores, eachRow, random } = drawn
      const { rows, width, firstId } = shape
      const maxima = eachRow.map(numbers => numbers.reduce((a, b) => Math.max(a, b)))
      const prefixes = eachRow.map((numbers, row) => {
        const id = random.integer(width)
        return bytesOfKey(sortKeyReference(numbers[id]!, firstId + id, maxima[row]!)).slice(0, level)
      })
      const searches = new Uint32Array(rows * searchWords)
      for (const [row, prefix] of prefixes.entries())
        searches.set([bitsOfF32(maxima[row]!), ...wordsOfBytes(prefix), level], row * searchWords)
      const prepared = await prepareMassHistogram(device, shape)
      const { histograms } = await runPrepared(device, prepared, { scores, searches }, 'histograms')
      return eachRow.flatMap((numbers, row) => {
        const what = `${kind}, byte ${level}, row ${row}`
        const found = readMassHistogram(histograms, row)
        // Where a search is over, no token counts.
        const counted = level === 9 ? [] : numbers
        const expected = massHistogramReference(counted, firstId, maxima[row]!, prefixes[row]!)
        return [
          compareBits(`${what}: counts`, found.counts, expected.counts),
          compareClose(`${what}: masses`, found.masses, expected.masses, tolerance),
        ]
      })
    }),
})
