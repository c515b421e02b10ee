import { expect, it } from 'vitest'
import { renderTable } from './report.ts'

it('makes every column as wide as its widest cell, and leaves no space at the end', () => {
  const rows = [
    ['a', 'long cell', 'x'],
    ['longer', 'b'],
    ['c', 'd', '–'],
  ]
  expect(renderTable(rows)).toBe(['a       long cell  x', 'longer  b', 'c       d          –'].join('\n'))
  expect(renderTable(rows.toReversed())).toBe(
    ['c       d          –', 'longer  b', 'a       long cell  x'].join('\n'),
  )
  expect(renderTable([])).toBe('')
})
