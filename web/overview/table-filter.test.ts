import { expect, it } from 'vitest'
import { formatFilter, parseFilter } from './table-filter.ts'

it('takes the words of the table and those of the files for a verdict', () => {
  expect(parseFilter('verdict:wrong').verdict).toBe('incorrect')
  expect(parseFilter('verdict:right').verdict).toBe('correct')
  expect(parseFilter('verdict:incorrect').verdict).toBe('incorrect')
  expect(parseFilter('verdict:toString')).toMatchObject({ verdict: null, text: 'verdict:toString' })
})

it('reads ranges that lack an end, and writes them so that they are read again', () => {
  const filter = parseFilter('tokens:50.. level:5 MeanTokenEntropy:..1e-3 tokens:.. some text')
  expect(filter.ranges).toEqual([
    { column: 'tokens', low: 50, high: Infinity },
    { column: 'MeanTokenEntropy', low: -Infinity, high: 0.001 },
  ])
  expect(filter).toMatchObject({ level: '5', text: 'tokens:.. some text' })
  expect(parseFilter(formatFilter(filter))).toEqual(filter)
})
