import type { RunColumns } from '../../core/formats/run-columns.ts'
import { h } from '../dom.ts'
import { type TableColumn, tableColumns } from './table-columns.ts'
import type { TableLines } from './table-rows.ts'

/** The table of samples: as many rows in the page as are seen, however many there are. */
export interface SamplesTable {
  element: HTMLElement
  /** Lists other lines. The marked row stays marked if it is among them. */
  show(columns: RunColumns, lines: TableLines, score: string, sort: string): void
  /** Moves the mark by so many lines. */
  move(by: number): void
  markFirst(): void
  markLast(): void
  /** The row that is marked; null while none is. */
  readonly marked: number | null
  /** Marks a row and brings it into sight. */
  mark(row: number): void
  /** Draws what is in sight; to be called when the table is on the page again. */
  refresh(): void
  destroy(): void
}

const rowHeight = 30
/** Lines kept above and below what is seen. */
const reserve = 8
/** Browsers cut an element that is higher than some 17 million pixels. */
const highestPixels = 15_000_000

/**
 * Creates the table. `open` is called with the row that is chosen, `sortBy` with the column whose head is, `compare` with
 * the rows of the problem whose answers are to be laid side by side.
 */
export function createSamplesTable(
  open: (row: number) => void,
  sortBy: (column: string) => void,
  compare: (rows: Int32Array) => void,
): SamplesTable {
  const head = h('div', { class: 'table-head', role: 'row', 'aria-rowindex': 1 })
  const space = h('div', { class: 'table-space', role: 'presentation' })
  const scroller = h(
    'div',
    { class: 'table-scroller', role: 'rowgroup', tabindex: 0, onscroll: () => draw(), onclick: onClick },
    space,
  )
  const empty = h('p', { class: 'table-empty', hidden: true }, 'No sample meets the filter.')
  const grid = h(
    'div',
    { class: 'samples-table', role: 'grid', tabindex: 0, 'aria-label': 'Samples' },
    h('div', { role: 'rowgroup' }, head),
    scroller,
  )
  const element = h('div', { class: 'table-frame' }, grid, empty)
  const pool: HTMLElement[] = []
  let listed: TableLines = { lines: new Int32Array(0), groups: [] }
  let columns: TableColumn[] = []
  let marked: number | null = null
  let isGrouped = false
  const resizes = new ResizeObserver(() => draw())
  resizes.observe(scroller)

  function drawHead(sort: string): void {
    const falls = sort.startsWith('-')
    const sorted = falls ? sort.slice(1) : sort
    const cells = columns.map(({ name, label, isNumber, isMinor }) => {
      const order = name === sorted ? (falls ? 'descending' : 'ascending') : 'none'
      const mark = order === 'none' ? '' : falls ? ' ↓' : ' ↑'
      return h(
        'div',
        {
          role: 'columnheader',
          'aria-sort': order,
          class: `${isNumber ? 'number' : ''} ${isMinor ? 'minor' : ''}`,
        },
        h(
          'button',
          { class: 'quiet', tabindex: -1, onclick: () => sortBy(name) },
          label,
          h('span', { 'aria-hidden': true }, mark),
        ),
      )
    })
    head.replaceChildren(...cells)
    const template = (among: TableColumn[]) => among.map(column => column.width).join(' ')
    element.style.setProperty('--columns', template(columns))
    element.style.setProperty('--columns-narrow', template(columns.filter(column => !column.isMinor)))
    grid.setAttribute('aria-colcount', String(columns.length))
  }

  function draw(): void {
    const { lines } = listed
    const height = scroller.clientHeight
    const first = Math.max(0, Math.floor((scroller.scrollTop * scale()) / rowHeight) - reserve)
    const last = Math.min(lines.length, first + Math.ceil(height / rowHeight) + 2 * reserve)
    while (pool.length < last - first) pool.push(createRow())
    const shift = scroller.scrollTop - scroller.scrollTop * scale()
    for (let place = 0; place < pool.length; place++) {
      // A line keeps its element while it is in sight.
      const count = pool.length
      const index = first + ((((place - first) % count) + count) % count)
      const element = pool[place]!
      if (index >= last) {
        element.hidden = true
        continue
      }
      element.hidden = false
      fill(element, index)
      element.style.transform = `translateY(${index * rowHeight + shift}px)`
    }
  }

  /** Pixels of lines for each pixel of the scroll bar: more than one where the page could not be as high. */
  function scale(): number {
    const all = listed.lines.length * rowHeight
    const shown = Math.min(all, highestPixels)
    const height = scroller.clientHeight
    return all === shown ? 1 : (all - height) / (shown - height)
  }

  function createRow(): HTMLElement {
    const row = h('div', { class: 'table-row', role: 'row' })
    space.append(row)
    return row
  }

  function fill(element: HTMLElement, index: number): void {
    const line = listed.lines[index]!
    const isMarked = line >= 0 && line === marked
    if (element.getAttribute('aria-selected') !== String(isMarked))
      element.setAttribute('aria-selected', String(isMarked))
    const key = `${index} ${line}`
    if (element.dataset['line'] === key) return
    element.dataset['line'] = key
    element.setAttribute('aria-rowindex', String(index + 2))
    element.id = `sample-line-${index}`
    if (line < 0) {
      const { problemId, answers, correct } = listed.groups[-1 - line]!
      element.className = 'table-row heading'
      const share = `${correct} of ${answers} right`
      element.replaceChildren(
        h(
          'div',
          { role: 'gridcell', 'aria-colspan': columns.length },
          h('b', {}, problemId),
          ` ${share}`,
          answers > 1 && compareButton(index, answers),
        ),
      )
      return
    }
    element.className = 'table-row'
    while (
      element.childElementCount < columns.length ||
      element.firstElementChild?.hasAttribute('aria-colspan')
    ) {
      if (element.firstElementChild?.hasAttribute('aria-colspan')) element.replaceChildren()
      else element.append(h('div', { role: 'gridcell' }))
    }
    columns.forEach((column, place) => {
      const cell = element.children[place] as HTMLElement
      const text = column.text(line)
      const verdict = column.name === 'verdict' ? ` verdict ${text}` : ''
      cell.className = `${column.isNumber ? 'number' : ''}${column.isMinor ? ' minor' : ''}${verdict}`
      // A text without end would make the page slow to lay out.
      cell.textContent = text.length > 200 ? `${text.slice(0, 200)}…` : text
    })
  }

  /** Lays the answers below a heading side by side. */
  function compareButton(heading: number, answers: number): HTMLElement {
    const onclick = () => compare(listed.lines.slice(heading + 1, heading + 1 + answers))
    return h('button', { class: 'quiet compare-link', type: 'button', tabindex: -1, onclick }, 'compare')
  }

  function onClick(event: Event): void {
    const element = (event.target as HTMLElement).closest<HTMLElement>('.table-row')
    const line = listed.lines[Number(element?.dataset['line']?.split(' ')[0])]
    if (line === undefined || line < 0) return
    markRow(line)
    open(line)
  }

  function markRow(row: number): void {
    marked = row
    const index = listed.lines.indexOf(row)
    if (index === -1) {
      draw()
      return
    }
    const top = (index * rowHeight) / scale()
    const bottom = top + rowHeight
    if (top < scroller.scrollTop) scroller.scrollTop = top
    else if (bottom > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = bottom - scroller.clientHeight
    draw()
    grid.setAttribute('aria-activedescendant', `sample-line-${index}`)
  }

  function markFrom(index: number, direction: 1 | -1): void {
    const { lines } = listed
    let at = index
    while (at >= 0 && at < lines.length && lines[at]! < 0) at += direction
    const row = lines[at]
    if (row !== undefined) markRow(row)
  }

  return {
    element,
    show(run, lines, score, sort) {
      listed = lines
      isGrouped = lines.groups.length > 0
      columns = tableColumns(run, score)
      drawHead(sort)
      for (const row of pool) {
        delete row.dataset['line']
        row.replaceChildren()
      }
      grid.classList.toggle('grouped', isGrouped)
      grid.setAttribute('aria-rowcount', String(lines.lines.length + 1))
      space.style.height = `${Math.min(lines.lines.length * rowHeight, highestPixels)}px`
      empty.hidden = lines.lines.length > 0
      draw()
    },
    move(by) {
      const index = marked === null ? -1 : listed.lines.indexOf(marked)
      if (index === -1) return markFrom(0, 1)
      const target = Math.max(0, Math.min(listed.lines.length - 1, index + by))
      markFrom(target, by > 0 ? 1 : -1)
    },
    markFirst: () => markFrom(0, 1),
    markLast: () => markFrom(listed.lines.length - 1, -1),
    get marked() {
      return marked
    },
    mark: markRow,
    refresh: () => (marked === null ? draw() : markRow(marked)),
    destroy: () => resizes.disconnect(),
  }
}
