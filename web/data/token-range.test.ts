import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { followToken, moveEnd, panRange, zoomRange } from './token-range.ts'

describe('ranges in sight', () => {
  describe('ranges of tracks', () => {
    it('zoom about a token, which keeps its place', () => {
      const zoomed = zoomRange({ start: 0, end: 100 }, 2, 40, 100)
      expect(zoomed).toEqual({ start: 20, end: 70 })
      expect(zoomRange(zoomed, 0.5, 40, 100)).toEqual({ start: 0, end: 100 })
    })

    it('pan up to the ends', () => {
      expect(panRange({ start: 20, end: 40 }, 0.5, 100)).toEqual({ start: 30, end: 50 })
      expect(panRange({ start: 20, end: 40 }, -5, 100)).toEqual({ start: 0, end: 20 })
      expect(panRange({ start: 20, end: 40 }, 50, 100)).toEqual({ start: 80, end: 100 })
    })

    it('follow a token that leaves them', () => {
      const range = { start: 20, end: 40 }
      expect(followToken(range, 39, 100)).toBe(range)
      expect(followToken(range, 40, 100)).toEqual({ start: 35, end: 55 })
      expect(followToken(range, 99, 100)).toEqual({ start: 80, end: 100 })
    })

    it('stay within the answer and above eight tokens, whatever is done', () => {
      const move = fc.record({
        factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
        at: fc.nat(500),
        pan: fc.integer(),
      })
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 500 }), fc.array(move, { maxLength: 8 }), (count, moves) => {
          let range = { start: 0, end: count }
          for (const { factor, at, pan } of moves) {
            range = panRange(zoomRange(range, factor, Math.min(at, count), count), pan / 2 ** 31, count)
            range = followToken(range, Math.min(at, count - 1), count)
            expect(range.start).toBeGreaterThanOrEqual(0)
            expect(range.end).toBeLessThanOrEqual(count + 1e-9)
            expect(range.end - range.start).toBeGreaterThan(Math.min(8, count) - 1e-9)
          }
        }),
      )
    })
  })
})

describe('moveEnd', () => {
  it('moves an end of a selection, and takes the other along where it is passed', () => {
    const selection = { start: 10, end: 20 }
    expect(moveEnd(selection, 'start', 4)).toEqual({ start: 4, end: 20 })
    expect(moveEnd(selection, 'start', 30)).toEqual({ start: 30, end: 31 })
    expect(moveEnd(selection, 'end', 14)).toEqual({ start: 10, end: 15 })
    expect(moveEnd(selection, 'end', 4)).toEqual({ start: 4, end: 5 })
  })
})
