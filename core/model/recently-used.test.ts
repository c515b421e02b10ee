import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentlyUsed } from './recently-used.ts'

describe('RecentlyUsed', () => {
  it('keeps what was used last, and gives up each other one once', () => {
    const uses = fc.array(fc.integer({ min: 0, max: 8 }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), uses, (most, numbers) => {
        const kept = new RecentlyUsed<{ number: number }>(most)
        const dropped: number[] = []
        for (const [at, number] of numbers.entries()) {
          const lately = new Set<number>()
          for (let i = at - 1; i >= 0 && lately.size < most; i--) lately.add(numbers[i]!)
          const found = kept.find(one => one.number === number)
          expect(found?.number).toBe(lately.has(number) ? number : undefined)
          if (!found) dropped.push(kept.add({ number })?.number ?? -1)
        }
        const made = dropped.length
        expect(made - dropped.filter(number => number !== -1).length).toBe(Math.min(most, made))
      }),
    )
  })
})
