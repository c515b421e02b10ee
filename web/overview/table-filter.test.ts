import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf } from '../../core/study/columns.ts'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { numericColumn } from './table-columns.ts'
import { formatFilter, parseFilter, widenRange } from './table-filter.ts'

describe('the language of filters', () => {
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
})

describe('widenRange', () => {
  it('keeps what lies in a range, with ends that can be read', () => {
    expect(widenRange([0.012345678, 0.98765432])).toEqual([0.01234, 0.9877])
    expect(widenRange([-0.0123456, 0])).toEqual([-0.01235, 0])
    const end = fc
      .double({ min: -1e6, max: 1e6, noNaN: true })
      .filter(value => value === 0 || Math.abs(value) > 1e-12)
    fc.assert(
      fc.property(end, end, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const [from, to] = widenRange([low, high])
        expect(from).toBeLessThanOrEqual(low)
        expect(to).toBeGreaterThanOrEqual(high)
        for (const value of [from, to]) expect(value).toBe(Number(value.toPrecision(4)))
        for (const [value, wide] of [
          [low, from],
          [high, to],
        ] as const)
          expect(Math.abs(wide - value)).toBeLessThanOrEqual(Math.abs(value) * 2e-3)
      }),
    )
  })
})
