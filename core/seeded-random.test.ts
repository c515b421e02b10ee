import { expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'

test('depends on the seed alone', () => {
  const first = seededRandom(1)
  const again = seededRandom(1)
  const other = seededRandom(2)
  const values = Array.from({ length: 5 }, first)
  expect(Array.from({ length: 5 }, again)).toEqual(values)
  expect(Array.from({ length: 5 }, other)).not.toEqual(values)
})

test('is even over [0, 1)', () => {
  const random = seededRandom(3)
  const counts = new Array<number>(10).fill(0)
  for (let draw = 0; draw < 20_000; draw++) counts[Math.floor(random() * 10)]! += 1
  // 2,000 are expected in each tenth, with a standard deviation of 42.
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(210)
})
