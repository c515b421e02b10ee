import { h } from '../dom.ts'

/** How a column lies in a table. */
export interface TableLayout {
  /** Of the grid that lays out a row. */
  width: string
  /** Left out on a narrow page. */
  isMinor?: true
}

/** What a table asks of what it lists. */
interface ListedRows {
  /** Class of the table, and beginning of the identifiers of its rows. */
  class: string
  label: string
  /** What is said in place of rows. */
  empty: string
  /** Fills the element of a row, which may have been that of another. */
  fill(element: HTMLElement, index: number): void
  isMarked(index: number): boolean
  pick(index: number): void
}

const rowHeight = 30
/** Rows kept above and below what is seen. */
const reserve = 8
/** Browsers cut an element that is higher than some 17 million pixels. */
const highestPixels = 15_000_000

/** Makes a table of any length, empty, of which as many rows are in the page as are seen. */
export function createVirtualTable(rows: ListedRows) {
  const head = h('div', { class: 'table-head', role: 'row', 'aria-rowindex': 1 })
  const space = h('div', { class: 'table-space', role: 'presentation' })
  const scroller = h(
    'div',
    { class: 'table-scroller', role: 'rowgroup', tabindex: 0, onscroll: () => draw(), onclick: onClick },
    space,
  )
  const empty = h('p', { class: 'table-empty', hidden: true }, rows.empty)
  const grid = h(
    'div',
    { class: rows.class, role: 'grid', tabindex: 0, 'aria-label': rows.label },
    h('div', { role: 'rowgroup' }, head),
    scroller,
  )
  const element = h('div', { class: 'table-frame' }, grid, empty)
  const pool: HTMLElement[] = []
  let count = 0
  const resizes = new ResizeObserver(() => draw())
  resizes.observe(scroller)

  /** Draws what is in sight. */
  function draw(): void {
    const first = Math.max(0, Math.floor((scroller.scrollTop * scale()) / rowHeight) - reserve)
    const last = Math.min(count, first + Math.ceil(scroller.clientHeight / rowHeight) + 2 * reserve)
    while (pool.length < last - first) {
      const row = h('div', { class: 'table-row', role: 'row' })
      space.append(row)
      pool.push(row)
    }
    const shift = scroller.scrollTop - scroller.scrollTop * scale()
    for (const [at, element] of pool.entries()) {
      // A row keeps its element while it is in sight.
      const index = first + ((((at - first) % pool.length) + pool.length) % pool.length)
      element.hidden = index >= last
      if (element.hidden) continue
      fill(element, index)
      element.style.transform = `translateY(${index * rowHeight + shift}px)`
    }
  }

  /** Pixels of rows for each pixel of the scroll bar: more than one where the page could not be as high. */
  function scale(): number {
    const all = count * rowHeight
    const shown = Math.min(all, highestPixels)
    const height = scroller.clientHeight
    return all === shown ? 1 : (all - height) / (shown - height)
  }

  function fill(element: HTMLElement, index: number): void {
    const isMarked = String(rows.isMarked(index))
    if (element.getAttribute('aria-selected') !== isMarked) element.setAttribute('aria-selected', isMarked)
    if (element.dataset['index'] === String(index)) return
    element.dataset['index'] = String(index)
    element.setAttribute('aria-rowindex', String(index + 2))
    element.id = idOf(index)
    rows.fill(element, index)
  }

  function idOf(index: number): string {
    return `${rows.class}-${index}`
  }

  function onClick(event: Event): void {
    const element = (event.target as HTMLElement).closest<HTMLElement>('.table-row')
    if (element) rows.pick(Number(element.dataset['index']))
  }

  return {
    element,
    grid,
    draw,
    /** Lists so many rows anew, below heads of these columns. */
    show(columns: readonly TableLayout[], heads: readonly HTMLElement[], nextCount: number): void {
      count = nextCount
      head.replaceChildren(...heads)
      const template = (among: readonly TableLayout[]) => among.map(column => column.width).join(' ')
      element.style.setProperty('--columns', template(columns))
      element.style.setProperty('--columns-narrow', template(columns.filter(column => !column.isMinor)))
      for (const row of pool) {
        delete row.dataset['index']
        row.replaceChildren()
      }
      grid.setAttribute('aria-colcount', String(columns.length))
      grid.setAttribute('aria-rowcount', String(count + 1))
      space.style.height = `${Math.min(count * rowHeight, highestPixels)}px`
      empty.hidden = count > 0
      draw()
    },
    /** Brings a row into sight, as the one that is active. */
    reveal(index: number): void {
      const top = (index * rowHeight) / scale()
      const bottom = top + rowHeight
      if (top < scroller.scrollTop) scroller.scrollTop = top
      else if (bottom > scroller.scrollTop + scroller.clientHeight)
        scroller.scrollTop = bottom - scroller.clientHeight
      draw()
      grid.setAttribute('aria-activedescendant', idOf(index))
    },
    destroy: () => resizes.disconnect(),
  }
}
