import type { DecodedArray, Encoding, SchemaElement } from 'hyparquet'
import type { PageData } from 'hyparquet-writer/src/types.js'

/** A column of a Parquet file: a value in each row, a list of values, or a list of lists. Only values can be null. */
export interface ParquetColumn {
  name: string
  type: 'string' | 'boolean' | 'int32' | 'int64' | 'float' | 'double'
  nullable?: boolean
  /** Lists around a value: 0 (the default), 1 or 2. */
  depth?: 0 | 1 | 2
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

/** How a column's values are encoded; undefined for a dictionary where that is shorter, and plain values elsewhere. */
export function encodingOf({ type }: ParquetColumn): Encoding | undefined {
  return type === 'float' || type === 'double' ? 'BYTE_STREAM_SPLIT' : undefined
}

/**
 * A column's rows as Parquet stores them: the values in a row, and levels that say where lists begin and what is null
 * (Dremel's record shredding, Melnik and others 2010). `rows` holds the value or the list of each row.
 */
export function shredRows(column: ParquetColumn, rows: ArrayLike<unknown>): PageData {
  const { nullable = false, depth = 0 } = column
  const maxDefinitionLevel = depth + (nullable ? 1 : 0)
  const definitionLevels: number[] = []
  const repetitionLevels: number[] = []
  if (depth === 0) {
    if (nullable)
      for (let row = 0; row < rows.length; row++) definitionLevels.push(rows[row] === null ? 0 : 1)
    return { values: rows as DecodedArray, definitionLevels, repetitionLevels, maxDefinitionLevel }
  }
  const values: unknown[] = []
  const visit = (list: ArrayLike<unknown>, level: number, repetition: number) => {
    if (list.length === 0) {
      values.push(null)
      definitionLevels.push(level)
      repetitionLevels.push(repetition)
      return
    }
    for (let index = 0; index < list.length; index++) {
      const repeated = index === 0 ? repetition : level + 1
      const value = list[index]
      if (level + 1 < depth) {
        visit(value as ArrayLike<unknown>, level + 1, repeated)
        continue
      }
      values.push(value)
      definitionLevels.push(value === null ? depth : maxDefinitionLevel)
      repetitionLevels.push(repeated)
    }
  }
  for (let row = 0; row < rows.length; row++) visit(rows[row] as ArrayLike<unknown>, 0, 0)
  return { values, definitionLevels, repetitionLevels, maxDefinitionLevel }
}
