import type { RunColumns } from '../../core/formats/run-columns.ts'
import { numericColumn } from './numeric-column.ts'
import type { TableFilter } from './table-filter.ts'

/** The rows that meet a filter, in order. `textRows` marks those in whose texts a search found `filter.text`. */
export function filterRows(columns: RunColumns, filter: TableFilter, textRows: Uint8Array): Int32Array {
  const { correct, finishReason, level, problemId, extractedAnswer, expectedAnswer } = columns
  const ranges = filter.ranges.map(range => ({ ...range, values: numericColumn(columns, range.column) }))
  const wantedVerdict = filter.verdict === null ? null : filter.verdict === 'correct' ? 1 : 0
  const text = filter.text.toLocaleLowerCase()
  const holds = (value: string | null) => value?.toLocaleLowerCase().includes(text)
  const rows = new Int32Array(columns.count)
  let count = 0
  for (let row = 0; row < columns.count; row++) {
    if (wantedVerdict !== null && correct[row] !== wantedVerdict) continue
    if (filter.finish !== null && finishReason[row] !== filter.finish) continue
    if (filter.level !== null && level[row] !== filter.level) continue
    // A comparison with NaN is false, so that a sample without the number is in no range of it.
    if (!ranges.every(({ values, low, high }) => values && values[row]! >= low && values[row]! <= high))
      continue
    if (
      text !== '' &&
      !textRows[row] &&
      !holds(problemId[row]!) &&
      !holds(extractedAnswer[row]!) &&
      !holds(expectedAnswer[row]!)
    )
      continue
    rows[count++] = row
  }
  return rows.slice(0, count)
}
