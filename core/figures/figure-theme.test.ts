import { expect, test } from 'vitest'
import { evenlyChosen, mostPoints } from './figure-theme.ts'

test('few values stay as they are, many are thinned evenly', () => {
  const few = [3, 1, 2]
  expect(evenlyChosen(few)).toEqual(few)
  const many = Array.from({ length: mostPoints * 4 }, (_, index) => index)
  const chosen = evenlyChosen(many)
  expect(chosen).toHaveLength(mostPoints)
  expect(chosen.slice(0, 3)).toEqual([0, 4, 8])
})
