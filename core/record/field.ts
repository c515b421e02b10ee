import { type ParquetColumn, typeInWords } from '../files/parquet-column.ts'

/** A column of a run's tables, and what is in it. */
export interface RunColumn extends ParquetColumn {
  /** 'none' of texts, ids and verdicts. */
  unit: string
  meaning: string
  /** Files of earlier versions lack it. */
  isLater?: boolean
}

type ColumnType = ParquetColumn['type']

/** A column, in one line of a table; with "?" behind its type one whose values may be null. */
export function column<const Name extends string, More extends object = object>(
  name: Name,
  type: ColumnType | `${ColumnType}?`,
  unit: string,
  meaning: string,
  more?: More,
): RunColumn & { name: Name } & More {
  const ofType = { type: type.replace('?', '') as ColumnType, ...(type.endsWith('?') && { nullable: true }) }
  return { name, ...ofType, unit, meaning, ...more } as RunColumn & { name: Name } & More
}

/** A column of texts, ids for instance. */
export function textColumn<const Name extends string, More extends object = object>(
  name: Name,
  meaning: string,
  more?: More,
): RunColumn & { name: Name } & More {
  return column(name, 'string', 'none', meaning, more)
}

/** What is in each column, for who reads a table without this program: what `columnsKey` holds. */
export function describeColumns(columns: readonly RunColumn[]) {
  return columns.map(({ name, unit, meaning, ...of }) => ({ name, type: typeInWords(of), unit, meaning }))
}

/** What a value in a line of the journal has to be, and how a message says that. */
export interface Kind {
  is(value: unknown): boolean
  words: string
}

/** A text. */
export const text: Kind = { is: value => typeof value === 'string', words: 'a text' }

/** A verdict. */
export const truth: Kind = { is: value => typeof value === 'boolean', words: 'true or false' }

/** A number that can be computed with. */
export const number: Kind = { is: value => Number.isFinite(value), words: 'a finite number' }

/** A count, an index or an id: columns keep these in 32 bits. */
export const natural: Kind = {
  is: value => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31,
  words: 'an integer from 0 to 2147483647',
}

/** What may be null. */
export function orNull({ is, words }: Kind): Kind {
  return { is: value => value === null || is(value), words: `${words}, or null` }
}

/** What may be left out. */
export function orAbsent({ is, words }: Kind): Kind {
  return { is: value => value === undefined || is(value), words }
}

function listOf({ is, words }: Kind): Kind {
  return { is: value => Array.isArray(value) && value.every(is), words: `a list, each of which is ${words}` }
}

const kindOfType: Record<ColumnType, Kind> = {
  string: text,
  boolean: truth,
  int32: natural,
  int64: natural,
  float: number,
  double: number,
}

/** The kind of the values in a column, of which lists that are `depth` deep hold one each. */
export function kindOfColumn({ type, nullable, depth = 0 }: ParquetColumn, outer = 0): Kind {
  let kind = kindOfType[type]
  if (nullable) kind = orNull(kind)
  for (let level = outer; level < depth; level++) kind = listOf(kind)
  return kind
}

/** Whether a value is an object with names, as JSON has it. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
