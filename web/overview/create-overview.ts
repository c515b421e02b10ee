import { h, messageOf } from '../dom.ts'
import { formatCompared, mostCompared, sampleName } from '../state/route.ts'
import { saveBlob } from '../widgets/files.ts'
import type { ViewContext } from '../widgets/view.ts'
import { createFigures } from './create-figures.ts'
import { createFilterBar } from './create-filter-bar.ts'
import { createRunCard } from './create-run-card.ts'
import { createSamplesTable } from './create-samples-table.ts'
import {
  filterRows,
  formatFilter,
  parseFilter,
  type TableFilter,
  widenRange,
  withRange,
} from './table-filter.ts'
import { csvOfRows, groupLines, plainLines, sortRows, type TableLines } from './table-rows.ts'

export type Overview = ReturnType<typeof createOverview>

const typingMs = 150

/** The screen of a run, which stays while a sample is replayed: its card, its figures and the table of its samples. */
export function createOverview(context: ViewContext) {
  const { run, settings } = context
  let textRows = new Uint8Array(0)
  /** What was searched for in the texts, and how far that is. */
  let search = { text: '', progress: null as string | null }
  let listed: TableLines = plainLines(new Int32Array(0))
  let listedRows: Int32Array = new Int32Array(0)
  let typing: ReturnType<typeof setTimeout> | undefined
  let hasTyped = false

  const table = createSamplesTable(openRow, sortBy, compareRows)
  const figures = createFigures(run, (score, range) =>
    setFilter(withRange(currentFilter(), score, range && widenRange(range))),
  )
  const bar = createFilterBar({
    setFilter(filter, isTyping) {
      clearTimeout(typing)
      if (isTyping) typing = setTimeout(() => setTyped(filter), typingMs)
      else setFilter(filter)
    },
    endTyping() {
      hasTyped = false
    },
    setScore(name) {
      settings.write('score', name)
      void update(true)
    },
    setGroup,
    saveCsv,
  })
  let card = createRunCard(run)
  const element = h('div', { class: 'overview' }, card, figures.element, bar.element, table.element)
  const isHidden = settings.read('figuresHidden')
  figures.element.hidden = isHidden

  function currentFilter(): TableFilter {
    return parseFilter(context.route.filter)
  }

  function setFilter(filter: TableFilter, replace = false): void {
    context.navigate({ filter: formatFilter(filter) }, { replace })
  }

  /** One entry of the history for what is typed until the field is left, so that the back button undoes it. */
  function setTyped(filter: TableFilter): void {
    setFilter(filter, hasTyped)
    hasTyped = true
  }

  function currentScore(): string {
    const score = settings.read('score')
    return run.scoreNames.includes(score) ? score : (run.scoreNames[0] ?? '')
  }

  /** Brings the page in line with the run, the address and the settings; without the scores that cannot be read, `unread`. */
  async function update(drawFigures: boolean, unread = new Map<string, string>()): Promise<void> {
    const { columns, scoreNames } = run
    const filter = currentFilter()
    const score = currentScore()
    const { sort, group } = context.route
    const wanted = [score, ...filter.ranges.map(({ column }) => column), sort.replace('-', '')]
    const missing = wanted.filter(
      name => scoreNames.includes(name) && !columns.scores[name] && !unread.has(name),
    )
    if (missing.length > 0) {
      const failed = new Map(unread)
      const say = (name: string) => (error: unknown) =>
        failed.set(name, `${name} cannot be read: ${messageOf(error)}`)
      await Promise.all(missing.map(name => run.readScore(name).catch(say(name))))
      return update(drawFigures, failed)
    }
    startSearch(filter.text)
    listedRows = sortRows(columns, filterRows(columns, filter, textRows), sort)
    listed = group ? groupLines(columns, listedRows) : plainLines(listedRows)
    table.show(columns, listed, score, sort)
    const note = [...unread.values()].join('. ') || search.progress
    bar.show({ columns, filter, listed: listedRows.length, score, scoreNames, group, note })
    if (!drawFigures || figures.element.hidden) return
    // The figures show what the other terms leave, so that a mark can be moved where it is.
    const others = { ...filter, ranges: filter.ranges.filter(({ column }) => !scoreNames.includes(column)) }
    const range = filter.ranges.find(({ column }) => column === score)
    figures.show(filterRows(columns, others, textRows), score, range ? [range.low, range.high] : null)
  }

  /** Looks for a new text in the worker; what it finds is listed as it comes. */
  function startSearch(text: string): void {
    const { count } = run.columns
    if (text === search.text && textRows.length === count) return
    const own = (search = { text, progress: text === '' ? null : 'searching' })
    textRows = new Uint8Array(count)
    // An empty text ends the search before.
    if (text === '') return
    run
      .searchText(text, ({ rows, scanned, total }) => {
        if (own !== search) return
        for (const row of rows) textRows[row] = 1
        own.progress = scanned < total ? `searched ${Math.floor((100 * scanned) / total)} %` : null
        void update(scanned === total)
      })
      .catch((error: unknown) => {
        if (own !== search) return
        own.progress = `the texts cannot be read: ${messageOf(error)}`
        void update(false)
      })
  }

  function openRow(row: number): void {
    const { problemIndex, sampleIndex } = run.columns
    context.navigate({ sample: sampleName(problemIndex[row]!, sampleIndex[row]!), token: null, branch: null })
  }

  function openMarked(): void {
    if (table.marked !== null) openRow(table.marked)
  }

  function setGroup(group: boolean): void {
    context.navigate({ group }, { replace: true })
  }

  /** Lays the first of some answers to one problem side by side. */
  function compareRows(rows: Int32Array): void {
    const { problemIndex, sampleIndex } = run.columns
    const [first, ...others] = rows.slice(0, 1 + mostCompared)
    if (first === undefined) return
    context.navigate({
      sample: sampleName(problemIndex[first]!, sampleIndex[first]!),
      with: formatCompared(others.map(row => ({ isOther: false, sampleIndex: sampleIndex[row]! }))),
      against: null,
      token: null,
      branch: null,
    })
  }

  /** The marked answer beside the others to its problem. */
  function compareMarked(): void {
    const { problemIndex } = run.columns
    const { marked } = table
    if (marked === null) return
    const others = listedRows.filter(row => row !== marked && problemIndex[row] === problemIndex[marked])
    if (others.length > 0) compareRows(Int32Array.of(marked, ...others))
    else context.announce('no other answer to this problem is listed')
  }

  function sortBy(column: string): void {
    const { sort } = context.route
    // The largest first is what one looks for; then the smallest, then as the run is.
    const next = sort === `-${column}` ? column : sort === column ? '' : `-${column}`
    context.navigate({ sort: next }, { replace: true })
  }

  function saveCsv(): void {
    saveBlob(new Blob([csvOfRows(run.columns, listedRows)], { type: 'text/csv' }), 'samples.csv')
    context.announce(`${listedRows.length} samples saved`)
  }

  function toggleFigures(): void {
    figures.element.hidden = !figures.element.hidden
    settings.write('figuresHidden', figures.element.hidden)
    void update(true)
  }

  function toggleVerdict(verdict: 'correct' | 'incorrect'): void {
    const filter = currentFilter()
    setFilter({ ...filter, verdict: filter.verdict === verdict ? null : verdict })
  }

  let shown = { filter: context.route.filter, sort: context.route.sort, group: context.route.group }
  const offRoute = context.onRoute(({ filter, sort, group }) => {
    const before = shown
    shown = { filter, sort, group }
    if (before.filter !== filter) void update(true)
    else if (before.sort !== sort || before.group !== group) void update(false)
  })
  const offRun = run.subscribe(() => {
    const next = createRunCard(run)
    const open = Array.from(card.querySelectorAll('details'), details => details.open)
    next.querySelectorAll('details').forEach((details, index) => {
      details.open = open[index] ?? false
    })
    card.replaceWith(next)
    card = next
    void update(true)
  })
  void update(true)

  return {
    element,
    shortcuts: [
      { keys: ['j', 'ArrowDown'], name: 'next sample', run: () => table.move(1) },
      { keys: ['k', 'ArrowUp'], name: 'previous sample', run: () => table.move(-1) },
      { keys: ['PageDown'], name: 'twenty further', run: () => table.move(20) },
      { keys: ['PageUp'], name: 'twenty back', run: () => table.move(-20) },
      { keys: ['Home'], name: 'first sample', run: () => table.markFirst() },
      { keys: ['End'], name: 'last sample', run: () => table.markLast() },
      { keys: ['Enter'], name: 'replay the sample', run: openMarked },
      { keys: ['C'], name: 'compare the answers to its problem', run: compareMarked },
      { keys: ['/'], name: 'filter', run: () => bar.focus() },
      { keys: ['x'], name: 'only wrong answers', run: () => toggleVerdict('incorrect') },
      { keys: ['r'], name: 'only right answers', run: () => toggleVerdict('correct') },
      { keys: ['s'], name: 'sort by the score', run: () => sortBy(currentScore()) },
      { keys: ['g'], name: 'group by problem', run: () => setGroup(!context.route.group) },
      { keys: ['p'], name: 'hide or show the figures', run: toggleFigures },
      { keys: ['c'], name: 'save the listed samples as CSV', run: saveCsv },
      { keys: ['Escape'], name: 'end the filter', run: () => setFilter(parseFilter('')) },
    ],
    destroy() {
      clearTimeout(typing)
      offRoute()
      offRun()
      figures.destroy()
      table.destroy()
    },
    /** It is on the page again. */
    shown: () => table.refresh(),
    /** The row that the table lists so many places after another; null where there is none. */
    neighbour(row: number, by: 1 | -1): number | null {
      const index = listedRows.indexOf(row)
      return index === -1 ? null : (listedRows[index + by] ?? null)
    },
  }
}
