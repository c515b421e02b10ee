import { expect, it } from 'vitest'
import { moveEnd } from './move-end.ts'

it('moves an end of a stretch, and takes the other along where it is passed', () => {
  const stretch = { start: 10, end: 20 }
  expect(moveEnd(stretch, 'start', 4)).toEqual({ start: 4, end: 20 })
  expect(moveEnd(stretch, 'start', 30)).toEqual({ start: 30, end: 31 })
  expect(moveEnd(stretch, 'end', 14)).toEqual({ start: 10, end: 15 })
  expect(moveEnd(stretch, 'end', 4)).toEqual({ start: 4, end: 5 })
})
