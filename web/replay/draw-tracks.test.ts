import { expect, it } from 'vitest'
import { columnMaxima } from './draw-tracks.ts'

it('columnMaxima loses no spike', () => {
  const doubts = new Float64Array(1000).fill(0.1)
  doubts[777] = 5
  const maxima = columnMaxima(doubts, { start: 0, end: 1000 }, 100)
  expect(maxima[77]).toBe(5)
  expect([...maxima].filter(value => value === 0.1)).toHaveLength(99)
})

it('columnMaxima of a part counts from its start', () => {
  expect([...columnMaxima([1, 2, 3, 4, 5, 6], { start: 2, end: 6 }, 2)]).toEqual([4, 6])
})
