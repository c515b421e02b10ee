import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findSpikes, spikeMinimumNats } from './entropy-spikes.ts'

test('finds a token that stands out, and none where all are alike or nearly decided', () => {
  expect(findSpikes([0, 0, 0, 0, 0, 1.2, 0, 0, 0, 0])).toEqual([5])
  expect(findSpikes([2, 2, 2, 2, 2, 2, 2])).toEqual([])
  expect(findSpikes([0, 0, 0, 0, 0, 0.4, 0, 0, 0, 0])).toEqual([])
  expect(findSpikes([0, 0, 9, 0, 0])).toEqual([])
  expect(findSpikes([])).toEqual([])
})

test('spikes are few and all of them above the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 11, noNaN: true }), { maxLength: 60 }), entropies => {
      const spikes = new Set(findSpikes(entropies))
      // Chebyshev's inequality: less than a quarter of the values lie over two deviations out.
      expect(spikes.size).toBeLessThanOrEqual(entropies.length / 4)
      const rest = entropies.filter((_, index) => !spikes.has(index))
      for (const index of spikes) {
        expect(entropies[index]).toBeGreaterThanOrEqual(spikeMinimumNats)
        for (const other of rest) expect(entropies[index]).toBeGreaterThan(other)
      }
    }),
  )
})
