import type { RunColumns } from '../../core/formats/run-columns.ts'

/** The columns of the samples of both, those of `first` first. Both have the same scores. */
export function joinColumns(first: RunColumns, second: RunColumns): RunColumns {
  return mapColumns(first, first.count + second.count, (column, name) => {
    const other = name in second.scores ? second.scores[name]! : second[name as keyof RunColumns]
    if (Array.isArray(column)) return [...column, ...(other as unknown[])]
    const joined = new (column.constructor as new (length: number) => Float64Array)(
      column.length + (other as Float64Array).length,
    )
    joined.set(column as Float64Array)
    joined.set(other as Float64Array, column.length)
    return joined
  })
}

/** The columns of some samples, in the order of `rows`; in arrays of their own. */
export function takeRows(columns: RunColumns, rows: readonly number[]): RunColumns {
  return mapColumns(columns, rows.length, column => {
    if (Array.isArray(column)) return rows.map(row => column[row])
    const taken = new (column.constructor as new (length: number) => Float64Array)(rows.length)
    for (const [place, row] of rows.entries()) taken[place] = column[row]!
    return taken
  })
}

type Column = unknown[] | Float64Array | Int32Array | Uint8Array

function mapColumns(
  { scores, count: _, ...scalars }: RunColumns,
  count: number,
  map: (column: Column, name: string) => Column,
): RunColumns {
  const mapAll = (columns: Record<string, Column>) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, map(column, name)]))
  return { count, ...mapAll(scalars), scores: mapAll(scores) } as unknown as RunColumns
}
