import type { RunColumns } from '../../core/record/run-tables.ts'
import { button, h } from '../dom.ts'
import { shorten } from '../text/visible-text.ts'
import { createVirtualTable } from '../widgets/virtual-table.ts'
import { type TableColumn, tableColumns } from './table-columns.ts'
import { plainLines, type TableLines } from './table-rows.ts'

/** Characters of a cell; a text without end would make the page slow to lay out. */
const longestShown = 200

/**
 * Creates the table of samples. `open` is called with the row that is chosen, `sortBy` with the column whose head is, `compare` with
 * the rows of the problem whose answers are to be laid side by side.
 */
export function createSamplesTable(
  open: (row: number) => void,
  sortBy: (column: string) => void,
  compare: (rows: Int32Array) => void,
) {
  let listed = plainLines(new Int32Array(0))
  let columns: TableColumn[] = []
  let marked: number | null = null
  const table = createVirtualTable({
    class: 'samples-table',
    label: 'Samples',
    empty: 'No sample meets the filter.',
    fill(element, index) {
      const line = listed.lines[index]!
      element.className = line < 0 ? 'table-row heading' : 'table-row'
      if (line < 0) fillHeading(element, index)
      else fillRow(element, line)
    },
    isMarked: index => listed.lines[index] === marked,
    pick(index) {
      const line = listed.lines[index]
      if (line === undefined || line < 0) return
      mark(line)
      open(line)
    },
  })

  function headOf({ name, label, isNumber, isMinor }: TableColumn, sort: string): HTMLElement {
    const falls = sort.startsWith('-')
    const order = name === (falls ? sort.slice(1) : sort) ? (falls ? 'descending' : 'ascending') : 'none'
    const arrow = order === 'none' ? '' : falls ? ' ↓' : ' ↑'
    const text = [label, h('span', { 'aria-hidden': true }, arrow)]
    const sorter = button(text, () => sortBy(name), { class: 'quiet', tabindex: -1 })
    const kind = `${isNumber ? 'number' : ''} ${isMinor ? 'minor' : ''}`
    return h('div', { role: 'columnheader', 'aria-sort': order, class: kind }, sorter)
  }

  /** A problem, with what lays the answers to it, which are listed below, side by side. */
  function fillHeading(element: HTMLElement, index: number): void {
    const { problemId, answers, correct } = listed.groups[-1 - listed.lines[index]!]!
    const compareAll = () => compare(listed.lines.slice(index + 1, index + 1 + answers))
    const link = answers > 1 && button('compare', compareAll, { class: 'quiet compare-link', tabindex: -1 })
    const words = [h('b', {}, problemId), ` ${correct} of ${answers} right`, link]
    element.replaceChildren(h('div', { role: 'gridcell', 'aria-colspan': columns.length }, words))
  }

  function fillRow(element: HTMLElement, row: number): void {
    if (element.firstElementChild?.hasAttribute('aria-colspan')) element.replaceChildren()
    while (element.childElementCount < columns.length) element.append(h('div', { role: 'gridcell' }))
    for (const [at, column] of columns.entries()) {
      const cell = element.children[at] as HTMLElement
      const text = column.text(row)
      const verdict = column.name === 'verdict' ? ` verdict ${text}` : ''
      cell.className = `${column.isNumber ? 'number' : ''}${column.isMinor ? ' minor' : ''}${verdict}`
      cell.textContent = shorten(text, longestShown)
    }
  }

  /** Marks a row and brings it into sight. */
  function mark(row: number): void {
    marked = row
    const index = listed.lines.indexOf(row)
    if (index === -1) table.draw()
    else table.reveal(index)
  }

  function markFrom(index: number, direction: 1 | -1): void {
    const { lines } = listed
    let at = index
    while (at >= 0 && at < lines.length && lines[at]! < 0) at += direction
    const row = lines[at]
    if (row !== undefined) mark(row)
  }

  return {
    element: table.element,
    /** Lists other lines. The marked row stays marked if it is among them. */
    show(run: RunColumns, lines: TableLines, score: string, sort: string): void {
      listed = lines
      columns = tableColumns(run, score)
      table.grid.classList.toggle('grouped', lines.groups.length > 0)
      const heads = columns.map(column => headOf(column, sort))
      table.show(columns, heads, lines.lines.length)
    },
    /** Moves the mark by so many lines. */
    move(by: number) {
      const index = marked === null ? -1 : listed.lines.indexOf(marked)
      if (index === -1) return markFrom(0, 1)
      const target = Math.max(0, Math.min(listed.lines.length - 1, index + by))
      markFrom(target, by > 0 ? 1 : -1)
    },
    markFirst: () => markFrom(0, 1),
    markLast: () => markFrom(listed.lines.length - 1, -1),
    /** The row that is marked; null while none is. */
    get marked() {
      return marked
    },
    /** Draws what is in sight; to be called when the table is on the page again. */
    refresh: () => (marked === null ? table.draw() : mark(marked)),
    destroy: table.destroy,
  }
}
