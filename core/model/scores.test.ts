import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntropyStatistics } from '../../kernels/entropy/entropy.ts'
import type { TopLogit } from '../../kernels/top-k/top-k.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { mergeStatistics, mergeTop, noToken } from './scores.ts'

/** The statistics of logits by their definition, in float64. Those that are not finite are counted and left out. */
function statisticsOf(logits: readonly number[]): EntropyStatistics {
  const finite = logits.filter(Number.isFinite)
  const maximum = finite.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY)
  const sum = (term: (d: number) => number) => finite.reduce((total, x) => total + term(x - maximum), 0)
  const s = sum(Math.exp)
  const probabilities = finite.map(x => Math.exp(x - maximum) / s)
  const surprise = probabilities.map(p => (p > 0 ? -Math.log(p) : 0))
  const entropyNats = probabilities.reduce((total, p, i) => total + p * surprise[i]!, 0)
  return {
    maximum,
    s,
    t: sum(d => d * Math.exp(d)),
    u: sum(d => d * d * Math.exp(d)),
    w: sum(d => d),
    entropyNats,
    varentropy: probabilities.reduce((total, p, i) => total + p * (surprise[i]! - entropyNats) ** 2, 0),
    notFinite: logits.length - finite.length,
  }
}

const topOf = (logits: readonly number[], k: number, firstId = 0): TopLogit[] => {
  const found = logits
    .map((logit, i) => ({ id: firstId + i, logit }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, k)
  return [...found, ...Array(k - found.length).fill({ id: noToken, logit: -3e38 })]
}

const values = ({ maximum, s, t, u, w, entropyNats, varentropy, notFinite }: EntropyStatistics) => [
  ...[maximum, s, t, u, w, entropyNats, varentropy, notFinite],
]

/** Rows of logits in parts; few different values, so that ties are common. */
const coarse = fc.integer({ min: -12, max: 12 }).map(n => n / 2)
const fine = fc.double({ min: -40, max: 40, noNaN: true })
const rowInParts = fc
  .oneof(coarse, fine)
  .chain(() => fc.array(fc.array(fc.oneof(coarse, fine), { maxLength: 12 }), { minLength: 2, maxLength: 9 }))
  .filter(parts => parts.some(part => part.length > 0))

describe('mergeStatistics', () => {
  it('of parts is that of the whole, empty parts included', () => {
    fc.assert(
      fc.property(rowInParts, parts => {
        const merged = mergeStatistics(
          parts.map(statisticsOf),
          parts.map(part => part.length),
        )
        const tolerance = { absolute: 1e-9, relative: 1e-11 }
        expectClose('statistics', values(merged), values(statisticsOf(parts.flat())), tolerance)
      }),
      { numRuns: 300 },
    )
  })

  it('does not depend on how far the parts lie apart', () => {
    const parts = [[-30_000, -30_000.5], [0, 1, -2], [], [30_000]]
    const merged = mergeStatistics(
      parts.map(statisticsOf),
      parts.map(part => part.length),
    )
    expect(merged).toMatchObject({ maximum: 30_000, s: 1, t: 0, u: 0, entropyNats: 0, varentropy: 0 })
    expect(merged.w).toBe(-60_000 - 60_000.5 - 30_000 - 29_999 - 30_002)
  })

  it('counts what is not finite, wherever it is', () => {
    const parts = [[1, Number.NaN], [Number.NaN, Number.POSITIVE_INFINITY], [2]]
    const merged = mergeStatistics(
      parts.map(statisticsOf),
      parts.map(part => part.length),
    )
    expect(merged).toMatchObject({ notFinite: 3, maximum: 2, w: -1 })
    const none = [statisticsOf([Number.NaN]), statisticsOf([Number.NaN, Number.NaN])]
    expect(mergeStatistics(none, [1, 2]).notFinite).toBe(3)
  })

  it('is the part itself where there is one', () => {
    const part = statisticsOf([1, 2])
    expect(mergeStatistics([part], [2])).toBe(part)
  })
})

describe('mergeTop', () => {
  it('of parts is that of the whole: largest first, ties by the lower id, parts shorter than k included', () => {
    fc.assert(
      fc.property(rowInParts, fc.integer({ min: 1, max: 8 }), (parts, k) => {
        const whole = parts.flat()
        const tops = parts.map((part, i) => topOf(part, k, parts.slice(0, i).flat().length))
        expect(mergeTop(tops, k)).toEqual(topOf(whole, k).filter(({ id }) => id !== noToken))
      }),
      { numRuns: 300, examples: [[[[1, 1], [1], [], [1, 1]], 4]] },
    )
  })
})
