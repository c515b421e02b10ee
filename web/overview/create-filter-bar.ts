import type { RunColumns } from '../../core/formats/run-columns.ts'
import type { FinishReason } from '../../core/formats/sample-record.ts'
import { h } from '../dom.ts'
import { formatFilter, parseFilter, type TableFilter, withRange } from './table-filter.ts'

/** The line above the table: what is listed, by which score, and how. */
export interface FilterBar {
  element: HTMLElement
  show(state: {
    columns: RunColumns
    filter: TableFilter
    listed: number
    score: string
    scoreNames: readonly string[]
    group: boolean
    /** How far a search is, or what cannot be read. */
    note: string | null
  }): void
  focus(): void
}

/** What the bar's fields do. */
export interface FilterActions {
  setFilter(filter: TableFilter, isTyping: boolean): void
  /** The field is left: what is typed next is something new. */
  endTyping(): void
  setScore(name: string): void
  setGroup(group: boolean): void
  saveCsv(): void
}

/** Creates the bar. */
export function createFilterBar(actions: FilterActions): FilterBar {
  let filter = parseFilter('')
  const text = h('input', {
    class: 'field',
    type: 'search',
    placeholder: 'Filter: text, level:3, tokens:10..50',
    'aria-label': 'Filter',
    spellcheck: 'false',
    oninput: () => actions.setFilter(parseFilter(text.value), true),
    onblur: () => actions.endTyping(),
    onkeydown: (event: KeyboardEvent) => event.key === 'Escape' && text.blur(),
  })
  const verdict = choice('Verdict', value =>
    actions.setFilter({ ...filter, verdict: value as TableFilter['verdict'] }, false),
  )
  const finish = choice('Ended by', value =>
    actions.setFilter({ ...filter, finish: value as FinishReason | null }, false),
  )
  const level = choice('Level', value => actions.setFilter({ ...filter, level: value }, false))
  const score = h('select', { 'aria-label': 'Score', onchange: () => actions.setScore(score.value) })
  const group = h(
    'button',
    { 'aria-pressed': false, onclick: () => actions.setGroup(group.getAttribute('aria-pressed') !== 'true') },
    'By problem',
  )
  const ranges = h('span', { class: 'ranges' })
  const count = h('span', { class: 'count', role: 'status' })
  const element = h(
    'div',
    { class: 'filter-bar', role: 'search' },
    text,
    verdict,
    finish,
    level,
    ranges,
    count,
    h('span', { class: 'spring' }),
    h('label', { class: 'score' }, h('span', {}, 'Score'), score),
    group,
    h('button', { title: 'Save the listed samples as CSV (c)', onclick: () => actions.saveCsv() }, 'CSV'),
  )

  function setOptions(
    select: HTMLSelectElement,
    options: readonly (readonly [string, string])[],
    value: string,
  ): void {
    const key = JSON.stringify(options)
    if (select.dataset['options'] !== key) {
      select.dataset['options'] = key
      select.replaceChildren(...options.map(([name, label]) => h('option', { value: name }, label)))
    }
    select.value = value
  }

  return {
    element,
    show({ columns, filter: shown, listed, score: shownScore, scoreNames, group: isGrouped, note }) {
      filter = shown
      const isSame = formatFilter(parseFilter(text.value)) === formatFilter(shown)
      if (!isSame) text.value = formatFilter(shown)
      setOptions(
        verdict,
        [
          ['', 'Any verdict'],
          ['correct', 'Right'],
          ['incorrect', 'Wrong'],
        ],
        shown.verdict ?? '',
      )
      setOptions(
        finish,
        [
          ['', 'Any end'],
          ['stop', 'Stopped'],
          ['length', 'At the limit'],
          ['error', 'Failed'],
        ],
        shown.finish ?? '',
      )
      const levels = [...new Set(columns.level)]
        .filter(name => name !== null)
        .sort()
        .slice(0, 100)
      level.hidden = levels.length === 0
      setOptions(
        level,
        [['', 'Any level'], ...levels.map(name => [name, `Level ${name}`] as const)],
        shown.level ?? '',
      )
      setOptions(
        score,
        scoreNames.map(name => [name, name] as const),
        shownScore,
      )
      group.setAttribute('aria-pressed', String(isGrouped))
      ranges.replaceChildren(
        ...shown.ranges.map(({ column, low, high }) =>
          h(
            'button',
            {
              class: 'range',
              'aria-label': `End the filter by ${column}`,
              onclick: () => actions.setFilter(withRange(filter, column, null), false),
            },
            `${column} ${rangeText(low, high)} ×`,
          ),
        ),
      )
      const all = columns.count.toLocaleString('en')
      const found = listed === columns.count ? all : `${listed.toLocaleString('en')} of ${all}`
      count.textContent = `${found} samples${note === null ? '' : `, ${note}`}`
    },
    focus: () => text.select(),
  }
}

function choice(label: string, choose: (value: string | null) => void): HTMLSelectElement {
  const select = h('select', { 'aria-label': label, onchange: () => choose(select.value || null) })
  return select
}

function rangeText(low: number, high: number): string {
  const [from, to] = [low, high].map(bound => Number(bound.toPrecision(3)))
  if (high === Infinity) return `≥ ${from}`
  return low === -Infinity ? `≤ ${to}` : `${from} – ${to}`
}
