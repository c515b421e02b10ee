import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withRange } from './kept-files.ts'

it('knows of every byte whether it was put in, by ranges in order and apart from one another', () => {
  const range = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), given => {
      const there = new Set<number>()
      let ranges: [number, number][] = []
      for (const [start, length] of given) {
        ranges = withRange(ranges, [start, start + length])
        for (let at = start; at < start + length; at++) there.add(at)
      }
      const found = ranges.flatMap(([start, end]) =>
        Array.from({ length: end - start }, (_, at) => start + at),
      )
      expect(found).toEqual([...there].sort((a, b) => a - b))
      for (const [index, [start]] of ranges.entries())
        if (index > 0) expect(start).toBeGreaterThan(ranges[index - 1]![1])
    }),
  )
})
