import { formatCount } from '../../core/format-number.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { FinishReason } from '../../core/record/sample.ts'
import { button, h } from '../dom.ts'
import { formatFilter, parseFilter, type TableFilter, withRange } from './table-filter.ts'

/** What the bar shows. */
interface FilterState {
  columns: RunColumns
  filter: TableFilter
  listed: number
  score: string
  scoreNames: readonly string[]
  group: boolean
  /** How far a search is, or what cannot be read. */
  note: string | null
}

/** What the bar's fields do. */
interface FilterActions {
  setFilter(filter: TableFilter, isTyping: boolean): void
  /** The field is left: what is typed next is something new. */
  endTyping(): void
  setScore(name: string): void
  setGroup(group: boolean): void
  saveCsv(): void
}

/** Creates the line above the table: what is listed, by which score, and how. */
export function createFilterBar(actions: FilterActions) {
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
  const set = (change: Partial<TableFilter>) => actions.setFilter({ ...filter, ...change }, false)
  const verdict = choice('Verdict', value => set({ verdict: value as TableFilter['verdict'] }))
  const finish = choice('Ended by', value => set({ finish: value as FinishReason | null }))
  const level = choice('Level', value => set({ level: value }))
  const score = choice('Score', name => name && actions.setScore(name))
  const ends = { '': 'Any end', stop: 'Stopped', length: 'At the limit', error: 'Failed' }
  setOptions(verdict, Object.entries({ '': 'Any verdict', correct: 'Right', incorrect: 'Wrong' }))
  setOptions(finish, Object.entries(ends))
  const group = button('By problem', () => actions.setGroup(group.getAttribute('aria-pressed') !== 'true'))
  const ranges = h('span', { class: 'ranges' })
  const count = h('span', { class: 'count', role: 'status' })
  const filters = [text, verdict, finish, level, ranges, count, h('span', { class: 'spring' })]
  const scores = h('label', { class: 'score' }, h('span', {}, 'Score'), score)
  const save = button('CSV', actions.saveCsv, { title: 'Save the listed samples as CSV (c)' })
  const element = h('div', { class: 'filter-bar', role: 'search' }, filters, scores, group, save)

  function rangeButton({ column, low, high }: TableFilter['ranges'][number]): HTMLElement {
    const end = () => actions.setFilter(withRange(filter, column, null), false)
    const names = { class: 'range', 'aria-label': `End the filter by ${column}` }
    return button(`${column} ${rangeText(low, high)} ×`, end, names)
  }

  return {
    element,
    show({ columns, filter: shown, listed, score: shownScore, scoreNames, ...state }: FilterState): void {
      filter = shown
      const isSame = formatFilter(parseFilter(text.value)) === formatFilter(shown)
      if (!isSame) text.value = formatFilter(shown)
      const levels = [...new Set(columns.level)]
        .filter(name => name !== null)
        .sort()
        .slice(0, 100)
      level.hidden = levels.length === 0
      setOptions(level, [['', 'Any level'], ...levels.map(name => [name, `Level ${name}`] as const)])
      setOptions(
        score,
        scoreNames.map(name => [name, name] as const),
      )
      verdict.value = shown.verdict ?? ''
      finish.value = shown.finish ?? ''
      level.value = shown.level ?? ''
      score.value = shownScore
      group.setAttribute('aria-pressed', String(state.group))
      ranges.replaceChildren(...shown.ranges.map(rangeButton))
      const all = formatCount(columns.count)
      const found = listed === columns.count ? all : `${formatCount(listed)} of ${all}`
      count.textContent = `${found} samples${state.note === null ? '' : `, ${state.note}`}`
    },
    focus: () => text.select(),
  }
}

function choice(label: string, choose: (value: string | null) => void): HTMLSelectElement {
  const select = h('select', { 'aria-label': label, onchange: () => choose(select.value || null) })
  return select
}

/** Offers values by their labels; a list that is offered already stays as it is. */
function setOptions(select: HTMLSelectElement, options: readonly (readonly [string, string])[]): void {
  const key = JSON.stringify(options)
  if (select.dataset['options'] === key) return
  select.dataset['options'] = key
  select.replaceChildren(...options.map(([value, label]) => h('option', { value }, label)))
}

function rangeText(low: number, high: number): string {
  const [from, to] = [low, high].map(bound => Number(bound.toPrecision(3)))
  if (high === Infinity) return `≥ ${from}`
  return low === -Infinity ? `≤ ${to}` : `${from} – ${to}`
}
