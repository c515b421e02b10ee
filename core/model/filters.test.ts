import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortKeyReference } from '../../kernels/mass-histogram/mass-histogram.cases.ts'
import type { Histogram } from '../../kernels/mass-histogram/mass-histogram.ts'
import type { TopLogit } from '../../kernels/top-k/top-k.ts'
import { nearnessFromLargest, ThresholdSearch } from './filters.ts'
import type { Sampling } from './sampling.ts'

/** A row as a device has it: raw logits, and processed ones that its divisions may leave some units off. */
interface DeviceRow {
  logits: number[]
  seen: ReadonlySet<number>
  scores: number[]
}

/** Processes logits as WGSL allows a device to: each quotient up to two units in the last place off, by turns. */
function deviceRow(logits: number[], seen: ReadonlySet<number>, sampling: Sampling): DeviceRow {
  const { temperature, repetitionPenalty = 1 } = sampling
  const off = (x: number, id: number) => Math.fround(x * (1 + (((id * 7) % 5) - 2) * 2 ** -23))
  const scores = logits.map((logit, id) => {
    const penalty = Math.fround(repetitionPenalty)
    const penalised = logit > 0 ? off(logit / penalty, id) : Math.fround(logit * penalty)
    const x = seen.has(id) && repetitionPenalty !== 1 ? penalised : logit
    return temperature === 1 ? x : off(x / Math.fround(temperature), id + 1)
  })
  return { logits, seen, scores }
}

/** Ids that are kept by the words of a bound: those whose sort keys are not below it. */
function keptBy([, ...bound]: readonly number[], scores: readonly number[]): number[] {
  const maximum = Math.max(...scores)
  return scores.flatMap((score, id) => {
    const key = sortKeyReference(score, id, maximum)
    const at = key.findIndex((word, i) => word !== bound[i])
    return at === -1 || key[at]! > bound[at]! ? [id] : []
  })
}

/** The nine bytes of a sort key's three words. */
function bytesOf([high = 0, middle = 0, low = 0]: readonly number[]): number[] {
  const bytes = (word: number, shifts: number[]) => shifts.map(by => (word >>> by) & 255)
  return [...bytes(high, [8, 0]), ...bytes(middle, [24, 16, 8, 0]), ...bytes(low, [16, 8, 0])]
}

/** Counts and masses, cut off below 2^-40, of the scores whose sort keys begin with these bytes, by the next one. */
function histogramOf(scores: readonly number[], maximum: number, prefix: readonly number[]): Histogram {
  const counts = Array<number>(256).fill(0)
  const masses = Array<number>(256).fill(0)
  for (const [id, score] of scores.entries()) {
    const bytes = bytesOf(sortKeyReference(score, id, maximum))
    if (prefix.some((byte, at) => bytes[at] !== byte)) continue
    const next = bytes[prefix.length]!
    counts[next]!++
    masses[next]! += Math.floor(Math.exp(Math.fround(score - maximum)) * 2 ** 40) / 2 ** 40
  }
  return { counts, masses }
}

function searched({ scores }: DeviceRow, sampling: Sampling): number[] {
  const maximum = Math.max(...scores)
  const search = new ThresholdSearch(maximum, sampling)
  while (!search.isDone) {
    const [, high = 0, middle = 0, low = 0, level = 0] = search.words
    search.take(histogramOf(scores, maximum, bytesOf([high, middle, low]).slice(0, level)))
  }
  return keptBy(search.words, scores)
}

/** What the k largest raw logits tell; null where they do not suffice. */
function told(
  { logits, seen, scores: processed }: DeviceRow,
  k: number,
  sampling: Sampling,
): number[] | null {
  const top: TopLogit[] = logits
    .map((logit, id) => ({ id, logit }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, k)
  const maximum = Math.max(...processed)
  const s = processed.reduce((sum, score) => sum + Math.exp(score - maximum), 0)
  const statistics = { maximum, s, t: 0, u: 0, w: 0, entropyNats: 0, varentropy: 0, notFinite: 0 }
  const scores = { top, processed: { statistics, logit: 0 } }
  const nearness = nearnessFromLargest(scores, id => seen.has(id), logits.length, sampling)
  return nearness === null ? null : keptBy(new ThresholdSearch(maximum, sampling, nearness).words, processed)
}

/** Logits of which many are equal, or all but equal, or far apart. */
const logit = fc.oneof(
  fc.integer({ min: -6, max: 6 }).map(n => n / 2),
  fc.integer({ min: -2000, max: 2000 }).map(n => Math.fround(3 + n * 2 ** -21)),
  fc.double({ min: -60, max: 60, noNaN: true }).map(Math.fround),
)
const row = fc.array(logit, { minLength: 2, maxLength: 60 })
const share = fc.oneof(fc.constantFrom(0.5, 0.25, 0.75, 1), fc.double({ min: 0.01, max: 1, noNaN: true }))
const settings = fc.record({
  temperature: fc.constantFrom(1, 0.7, 0.1, 2, 30),
  seed: fc.constant(0),
  topK: fc.integer({ min: 0, max: 12 }),
  topP: share,
  repetitionPenalty: fc.constantFrom(1, 1, 1.1, 1.5, 0.8),
})

describe('a threshold that the largest logits tell', () => {
  it('keeps what the search of histograms keeps, ties and sums at the boundary included', () => {
    let known = 0
    fc.assert(
      fc.property(row, fc.integer({ min: 1, max: 20 }), settings, (logits, k, sampling) => {
        const device = deviceRow(logits, new Set([...logits.keys()].filter(id => id % 3 === 0)), sampling)
        const found = told(device, k, sampling)
        if (found === null) return
        known++
        expect(found).toEqual(searched(device, sampling))
      }),
      { numRuns: 3000 },
    )
    expect(known).toBeGreaterThan(500)
  })

  const plain: Sampling = { temperature: 1, seed: 0 }
  /** Four tokens of masses 4, 2, 1 and 1, of eight in all, and many of none. */
  const masses = [4, 2, 1, 1].map(mass => Math.fround(Math.log(mass)))
  const eighths = [...masses, ...Array<number>(60).fill(-40)]
  const ofRow = (logits: number[], k: number, sampling: Partial<Sampling>) =>
    told(deviceRow(logits, new Set(), { ...plain, ...sampling }), k, { ...plain, ...sampling })

  it.each<[string, number[], number, Partial<Sampling>, number[] | null]>([
    ['top-k below k', eighths, 4, { topK: 2 }, [0, 1]],
    ['top-k at k, where the next one is not known', eighths, 2, { topK: 2 }, null],
    ['top-k beyond k', eighths, 4, { topK: 5 }, null],
    ['top-k between equal ones', eighths, 5, { topK: 3 }, null],
    ['top-k behind equal ones', eighths, 5, { topK: 4 }, [0, 1, 2, 3]],
    ['top-p within k', eighths, 4, { topP: 0.6 }, [0, 1]],
    ['top-p that a sum just reaches', eighths, 4, { topP: 0.5 }, null],
    ['top-p beyond k', eighths, 2, { topP: 0.9 }, null],
    ['top-p within what top-k leaves', eighths, 4, { topK: 2, topP: 0.6 }, [0]],
    ['top-p within what a top-k beyond k leaves at most', eighths, 5, { topK: 50, topP: 0.6 }, [0, 1]],
    ['a reward for what was seen', eighths, 4, { topK: 2, repetitionPenalty: 0.9 }, null],
    ['no filter but min-p', eighths, 4, { minP: 0.1 }, null],
    ['all equal', Array<number>(9).fill(1), 4, { topK: 2 }, null],
  ])('%s', (_, logits, k, sampling, kept) => {
    expect(ofRow(logits, k, sampling)).toEqual(kept)
  })
})
