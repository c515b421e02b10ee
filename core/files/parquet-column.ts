import type { DecodedArray, Encoding, SchemaElement } from 'hyparquet'
import type { PageData } from 'hyparquet-writer/src/types.js'

/** A column of a Parquet file: a value in each row, a list of values, or a list of lists. Only values can be null. */
export interface ParquetColumn {
  name: string
  type: 'string' | 'boolean' | 'int32' | 'int64' | 'float' | 'double'
  nullable?: boolean
  /** Lists around a value: 0 (the default), 1 or 2. */
  depth?: 0 | 1 | 2
  /** Columns of one shape have lists of equal lengths. */
  shape?: string
}

const physicalTypes = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  boolean: { type: 'BOOLEAN' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
} as const satisfies Record<ParquetColumn['type'], Partial<SchemaElement>>

/**
 * The schema elements of a column, from its top to its values: each list is the three elements that Parquet's LIST asks for
 * (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists), here with no null lists.
 */
export function schemaElements({ name, type, nullable, depth = 0 }: ParquetColumn): SchemaElement[] {
  const lists = Array.from({ length: depth }, (_, level): SchemaElement[] => [
    {
      name: level === 0 ? name : 'element',
      converted_type: 'LIST',
      logical_type: { type: 'LIST' },
      repetition_type: 'REQUIRED',
      num_children: 1,
    },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ])
  return [
    ...lists.flat(),
    {
      name: depth === 0 ? name : 'element',
      ...physicalTypes[type],
      repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
    },
  ]
}

/** A column's type in words: "list of float". */
export function typeInWords({ type, depth = 0 }: Pick<ParquetColumn, 'type' | 'depth'>): string {
  return `${'list of '.repeat(depth)}${type}`
}

/** How a column's values are encoded; undefined for a dictionary where that is shorter, and plain values elsewhere. */
export function encodingOf({ type }: ParquetColumn): Encoding | undefined {
  return type === 'float' || type === 'double' ? 'BYTE_STREAM_SPLIT' : undefined
}

/** Where the lists of a column begin and end, as Parquet's levels: one entry for each value and for each empty list. */
export type ListLevels = ReturnType<typeof listLevels>

/**
 * The levels of lists nested `depth` times (Dremel's record shredding, Melnik and others 2010), a list for each row, and whether one
 * is empty.
 */
export function listLevels(rows: ArrayLike<unknown>, depth: number) {
  const levels = { definition: [] as number[], repetition: [] as number[], hasEmpty: false }
  const { definition, repetition } = levels
  const visit = (list: ArrayLike<unknown>, level: number, first: number) => {
    if (list.length === 0) {
      definition.push(level - 1)
      repetition.push(first)
      levels.hasEmpty = true
    } else if (level < depth) {
      for (let index = 0; index < list.length; index++)
        visit(list[index] as ArrayLike<unknown>, level + 1, index === 0 ? first : level)
    } else {
      for (let index = 0; index < list.length; index++) {
        definition.push(level)
        repetition.push(index === 0 ? first : level)
      }
    }
  }
  if (depth > 0) for (let row = 0; row < rows.length; row++) visit(rows[row] as ArrayLike<unknown>, 1, 0)
  return levels
}

/** A column's rows as Parquet stores them: values in a row, and levels; `levels` are those of the column's lists. */
export function shredRows(column: ParquetColumn, rows: ArrayLike<unknown>, levels: ListLevels): PageData {
  const { type, nullable = false, depth = 0 } = column
  const { definition, repetition: repetitionLevels, hasEmpty } = levels
  let values = rows
  if (depth > 0) {
    const count = definition.length
    // Without nulls, numbers need no boxes.
    const flat =
      type === 'float' && !nullable && !hasEmpty ? new Float32Array(count) : new Array<unknown>(count)
    const end = flatten(rows, depth, flat, 0)
    if (end !== count) throw new Error(`parquet: column ${column.name} has ${end} values, expected ${count}`)
    values = flat
  }
  const most = nullable ? depth + 1 : depth
  const levelOf = (value: unknown, index: number) => (value === null ? (definition[index] ?? 0) : most)
  const definitionLevels = nullable ? Array.from(values, levelOf) : definition
  return { values: values as DecodedArray, definitionLevels, repetitionLevels, maxDefinitionLevel: most }
}

type Flat = { [index: number]: unknown }

/** Writes the values of nested lists into `flat` from `at` on, null for an empty list. Returns where they end. */
function flatten(rows: ArrayLike<unknown>, depth: number, flat: Flat, at: number): number {
  let end = at
  for (let row = 0; row < rows.length; row++) {
    const list = rows[row] as ArrayLike<unknown>
    if (list.length === 0) flat[end++] = null
    else if (depth > 1) end = flatten(list, depth - 1, flat, end)
    else for (let index = 0; index < list.length; index++) flat[end++] = list[index]
  }
  return end
}
