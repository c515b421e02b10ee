import { expect, it } from 'vitest'
import { columnsOf } from '../../core/analyse/columns-of.ts'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { numericColumn } from './numeric-column.ts'
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

it('counts answers as the table does', () => {
  const columns = columnsOf([sampleRecord({ sampleIndex: 0 }), sampleRecord({ sampleIndex: 1 })])
  expect(Array.from(numericColumn(columns, 'answer')!)).toEqual([1, 2])
})
