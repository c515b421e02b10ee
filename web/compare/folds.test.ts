import { expect, it } from 'vitest'
import { foldsOf } from './folds.ts'

const stretch = (start: number, end: number, isAlike: boolean) => ({ start, end, isAlike })

it('keeps what is beside the places where answers part', () => {
  const stretches = [stretch(0, 100, true), stretch(100, 110, false), stretch(110, 200, true)]
  expect(foldsOf(stretches)).toEqual([
    { start: 0, end: 88 },
    { start: 122, end: 200 },
  ])
})

it('folds no short stretch, nothing between that is apart, and nothing where nothing is apart', () => {
  expect(
    foldsOf([
      stretch(0, 30, true),
      stretch(30, 400, false),
      stretch(400, 440, true),
      stretch(440, 441, false),
    ]),
  ).toEqual([])
  expect(foldsOf([stretch(0, 500, true)])).toEqual([])
})
