import type { FileMetaData } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { readParquetColumns } from './parquet-columns.ts'

type SchemaElement = FileMetaData['schema'][number]

const root = (count: number): SchemaElement => ({ name: 'root', num_children: count })

/** One column of these stored values, as the schema says; a group's elements follow it. */
async function read(data: unknown[], ...elements: SchemaElement[]) {
  const [{ name }] = elements as [SchemaElement]
  const bytes = parquetWriteBuffer({
    columnData: [{ name, data }] as ColumnSource[],
    schema: [root(1), ...elements],
  })
  const { columns, unread } = await readParquetColumns(
    memoryByteSource(new Uint8Array(bytes), 'set.parquet'),
    () => true,
  )
  return unread.get(name) ?? Array.from(columns.get(name) ?? [])
}

const decimal = (
  type: NonNullable<SchemaElement['type']>,
  scale: number,
  more: Partial<SchemaElement> = {},
): SchemaElement => ({
  name: 'a',
  type,
  repetition_type: 'OPTIONAL',
  converted_type: 'DECIMAL',
  scale,
  precision: 38,
  ...more,
})
const leaf = (
  type: NonNullable<SchemaElement['type']>,
  more: Partial<SchemaElement> = {},
): SchemaElement => ({
  name: 'a',
  type,
  repetition_type: 'OPTIONAL',
  ...more,
})

describe('values are what the file says', () => {
  test('decimals of 32 and 64 bits', async () => {
    expect(await read([29n, 71n, 20n, -5n, null], decimal('INT32', 1))).toEqual([2.9, 7.1, 2, -0.5, null])
    expect(await read([1234567890123456789n, 190n], decimal('INT64', 2))).toEqual([
      '12345678901234567.89',
      1.9,
    ])
  })

  test('decimals of 38 digits, with the most significant byte first', async () => {
    const element = decimal('FIXED_LEN_BYTE_ARRAY', 2, { type_length: 16 })
    expect(await read([10n ** 37n + 1n, -250n], element)).toEqual([
      '100000000000000000000000000000000000.01',
      -2.5,
    ])
  })

  test('decimals whose type stands in the newer annotation alone', async () => {
    const element = leaf('INT32', { logical_type: { type: 'DECIMAL', scale: 1, precision: 4 } })
    expect(await read([29], element)).toEqual([2.9])
  })

  test('float32 as the shortest decimal that it holds, and integers whole', async () => {
    expect(await read([0.1, 0.3, 16777216, null], leaf('FLOAT'))).toEqual([0.1, 0.3, 16777216, null])
    expect(await read([2n ** 60n, 7n], leaf('INT64'))).toEqual([2n ** 60n, 7n])
  })

  test('float16', async () => {
    const element = leaf('FIXED_LEN_BYTE_ARRAY', { type_length: 2, logical_type: { type: 'FLOAT16' } })
    expect(await read([0.1, 2.5, 65504], element)).toEqual([0.1, 2.5, 65504])
  })

  test('dates', async () => {
    expect(await read([19782, 0, -1], leaf('INT32', { converted_type: 'DATE' }))).toEqual([
      '2024-02-29',
      '1970-01-01',
      '1969-12-31',
    ])
  })

  test.each<[SchemaElement, bigint[], string[]]>([
    [
      leaf('INT64', { converted_type: 'TIMESTAMP_MILLIS' }),
      [0n, 1n],
      ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.001Z'],
    ],
    [leaf('INT64', { converted_type: 'TIMESTAMP_MICROS' }), [-1n], ['1969-12-31T23:59:59.999999Z']],
    [
      leaf('INT64', { logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } }),
      [1709208000000000001n],
      ['2024-02-29T12:00:00.000000001'],
    ],
    // Midnights alone are dates.
    [
      leaf('INT64', { converted_type: 'TIMESTAMP_MILLIS' }),
      [1709164800000n, 0n],
      ['2024-02-29', '1970-01-01'],
    ],
    [leaf('INT64', { converted_type: 'TIME_MICROS' }), [37800000000n], ['10:30:00']],
  ])('moments: %j', async (element, data, expected) => {
    expect(await read(data, element)).toEqual(expected)
  })

  test('in lists and structures too', async () => {
    const list: SchemaElement[] = [
      { name: 'a', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      decimal('INT32', 1, { name: 'element' }),
    ]
    expect(await read([[29n, 20n], [], null], ...list)).toEqual([[2.9, 2], [], null])
    const structure: SchemaElement[] = [
      { name: 'a', repetition_type: 'REQUIRED', num_children: 2 },
      leaf('FLOAT', { name: 'x', repetition_type: 'REQUIRED' }),
      leaf('BYTE_ARRAY', { name: 'y', repetition_type: 'REQUIRED', converted_type: 'UTF8' }),
    ]
    expect(await read([{ x: 0.1, y: 'one' }], ...structure)).toEqual([{ x: 0.1, y: 'one' }])
  })

  test('text, whether it is called so or not', async () => {
    const bytes = new TextEncoder().encode('café')
    for (const converted_type of [undefined, 'UTF8', 'ENUM'] as const)
      expect(await read([bytes], leaf('BYTE_ARRAY', converted_type && { converted_type }))).toEqual(['café'])
  })
})

describe('a column that cannot be read', () => {
  const notText = Uint8Array.of(0x63, 0xff)

  test('says why: other bytes than text, a type that the reader does not know', async () => {
    expect(await read([notText], leaf('BYTE_ARRAY', { converted_type: 'UTF8' }))).toBe(
      'cannot be read: expected UTF-8 text, found other bytes',
    )
    const interval = leaf('FIXED_LEN_BYTE_ARRAY', { type_length: 12, converted_type: 'INTERVAL' })
    expect(await read([new Uint8Array(12)], interval)).toMatch(/^cannot be read: .*interval not supported/)
  })

  test('keeps no other from it', async () => {
    const columnData = [
      { name: 'a', data: [notText] },
      { name: 'b', data: ['text'] },
      { name: 'c', data: [[1, 2]] },
    ] as ColumnSource[]
    const schema: SchemaElement[] = [
      root(3),
      leaf('BYTE_ARRAY', { converted_type: 'UTF8' }),
      leaf('BYTE_ARRAY', { name: 'b', converted_type: 'UTF8' }),
      { name: 'c', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      leaf('INT32', { name: 'element' }),
    ]
    const source = memoryByteSource(new Uint8Array(parquetWriteBuffer({ columnData, schema })), 'set.parquet')
    const { columns, unread, rowCount } = await readParquetColumns(source, () => false)
    expect([rowCount, [...columns.keys()]]).toEqual([1, ['b']])
    expect([...unread.keys()]).toEqual(['a', 'c'])
    expect(unread.get('c')).toBe('holds lists or structures')
  })
})
