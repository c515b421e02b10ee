import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WeightDigest } from './weight-digest.ts'

const rowBytes = 6
const rows = 20
const bytes = Uint8Array.from({ length: rows * rowBytes }, (_, i) => (i * 37) % 251)

function digestOf(...pieces: [name: string, firstRow: number, bytes: Uint8Array][]): string {
  const digest = new WeightDigest()
  for (const [name, firstRow, piece] of pieces) digest.add(name, firstRow, rowBytes, piece)
  return digest.hex
}

const rowsOf = (first: number, end: number) => bytes.subarray(first * rowBytes, end * rowBytes)
const whole = digestOf(['a', 0, bytes], ['b', 0, rowsOf(3, 9)])

describe('WeightDigest', () => {
  it('does not depend on who reads which rows, in which order', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: rows - 1 }))
    const readers = fc.array(fc.nat(3), { minLength: rows, maxLength: rows })
    fc.assert(
      fc.property(cuts, readers, fc.infiniteStream(fc.nat()), (inner, reader, order) => {
        const edges = [0, ...inner.sort((a, b) => a - b), rows]
        const digests = Array.from({ length: 4 }, () => new WeightDigest())
        const pieces = edges.slice(1).map((end, i) => ({ first: edges[i]!, end, turn: order.next().value! }))
        for (const { first, end } of pieces.sort((a, b) => a.turn - b.turn))
          digests[reader[first]!]!.add('a', first, rowBytes, rowsOf(first, end))
        digests[reader[0]!]!.add('b', 0, rowBytes, rowsOf(3, 9))
        const sum = new WeightDigest()
        for (const digest of digests) sum.addHex(digest.hex)
        expect(sum.hex).toBe(whole)
      }),
    )
  })

  it.each<[string, string]>([
    ['a byte', digestOf(['a', 0, bytes.with(7, 200)], ['b', 0, rowsOf(3, 9)])],
    ['a name', digestOf(['c', 0, bytes], ['b', 0, rowsOf(3, 9)])],
    ['the place of rows', digestOf(['a', 1, bytes], ['b', 0, rowsOf(3, 9)])],
    [
      'two rows that change places',
      digestOf(
        ['a', 0, rowsOf(1, 2)],
        ['a', 1, rowsOf(0, 1)],
        ['a', 2, rowsOf(2, rows)],
        ['b', 0, rowsOf(3, 9)],
      ),
    ],
    ['a row that is missing', digestOf(['a', 0, rowsOf(0, rows - 1)], ['b', 0, rowsOf(3, 9)])],
    ['a row that is read twice', digestOf(['a', 0, bytes], ['b', 0, rowsOf(3, 9)], ['a', 4, rowsOf(4, 5)])],
  ])('tells %s', (_, other) => {
    expect(other).toMatch(/^[0-9a-f]{64}$/)
    expect(other).not.toBe(whole)
  })

  it('stays within 256 bits', () => {
    const sum = new WeightDigest()
    sum.addHex('f'.repeat(64))
    sum.addHex('3')
    expect(sum.hex).toBe('2'.padStart(64, '0'))
    expect(new WeightDigest().hex).toBe('0'.repeat(64))
  })
})
