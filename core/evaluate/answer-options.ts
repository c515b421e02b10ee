import { cellOf, cellText, isEmpty, isStructure, itemsOfListText } from './cell.ts'
import type { DataSetRow } from './data-set-rows.ts'
import { parseExactJson } from './exact-number.ts'

/** One of the answers that a problem offers. */
export interface AnswerOption {
  /** A letter, or what the data set calls it. */
  label: string
  text: string
}

/** The columns in which a data set has the options of its problems. */
export interface OptionColumns {
  columns: string[]
  /** Whether the names may mean something else, as A and B the unknowns of a problem: then answers must be among them. */
  isGuess: boolean
}

/** Columns that hold all options in one cell. */
export const listColumns = [
  'question.choices',
  'choices',
  'options',
  'endings',
  'answer_choices',
  'answer_options',
]

/** Names of columns with an option each: A, option_a, opa, choice1, sol1, answerA. */
const optionColumn = /^(option|choice|opt|op|sol|ending|answer(?=[ _-]?[a-j]$)|)[ _-]?([a-j]|\d)$/i

/** Finds the columns of options; undefined where a data set has none. `find` gives the name of a known column. */
export function findOptionColumns(
  rows: readonly DataSetRow[],
  names: readonly string[],
  find: (known: string[]) => string | undefined,
): OptionColumns | undefined {
  for (const known of listColumns) {
    const column = find([known])
    if (column !== undefined && rows.some(({ cells }) => readOptions(cellOf(cells, column)) !== null))
      return { columns: [column], isGuess: false }
  }
  const families = new Map<string, Map<string, string>>()
  for (const name of names) {
    const [, prefix, sign] = optionColumn.exec(name) ?? []
    if (prefix === undefined || sign === undefined) continue
    const family = families.get(prefix) ?? new Map<string, string>()
    families.set(prefix, family.set(sign.toUpperCase(), name))
  }
  for (const [prefix, family] of families) {
    const [first] = ['A', '1', '0'].filter(sign => family.has(sign))
    if (first === undefined || (prefix === '' && first !== 'A')) continue
    const columns: string[] = []
    for (let code = first.charCodeAt(0); family.has(String.fromCharCode(code)); code++)
      columns.push(family.get(String.fromCharCode(code))!)
    if (columns.length >= 2) return { columns, isGuess: /^(?:|sol|answer)$/i.test(prefix) }
  }
  return undefined
}

/** The options of a row; null where it has none. */
export function optionsOf(cells: Record<string, unknown>, { columns }: OptionColumns): AnswerOption[] | null {
  const [only, ...others] = columns
  if (others.length === 0) return readOptions(cellOf(cells, only!))
  // Rows may have fewer options than there are columns.
  const texts = columns.map(column => cellText(cells[column]))
  const count = texts.findLastIndex(text => text.trim() !== '') + 1
  return fromTexts(texts.slice(0, count))
}

/** The problem with its options below it, unless it holds them already. */
export function withOptions(problem: string, options: readonly AnswerOption[]): string {
  const shown = splitLabelled(problem)
  const holdsAll =
    shown?.length === options.length && options.every(({ text }, index) => shown[index] === text.trim())
  return holdsAll ? problem : [problem, ...options.map(({ label, text }) => `${label}) ${text}`)].join('\n')
}

function readOptions(cell: unknown): AnswerOption[] | null {
  if (typeof cell === 'string') return readOptionText(cell)
  if (Array.isArray(cell))
    return cell.every(isStructure) ? fromPairs(cell.map(pairOf)) : fromTexts(cell.map(cellText))
  if (!isStructure(cell)) return null
  const { text, label } = cell
  if (Array.isArray(text) && Array.isArray(label) && text.length === label.length)
    return fromPairs(text.map((item, index) => [label[index], item]))
  return fromPairs(
    Object.entries(cell).filter(([name, item]) => /^(?:[a-z]|\d)$/i.test(name) && !isEmpty(item)),
  )
}

/** Options in a text: as JSON or Python writes lists and structures, or one behind the other with their letters. */
function readOptionText(text: string): AnswerOption[] | null {
  if (!/^\s*[[{]/.test(text)) return fromTexts(splitLabelled(text) ?? [])
  try {
    return readOptions(parseExactJson(text))
  } catch {
    const listOf = (member: string) => {
      const list = new RegExp(`["']${member}["']\\s*:\\s*(?:array\\()?(\\[[^\\]]*\\])`).exec(text)?.[1]
      return itemsOfListText(list ?? '') ?? undefined
    }
    const members = [...text.matchAll(/["']([a-z])["']\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/gi)]
    return text.trimStart().startsWith('[')
      ? fromTexts(itemsOfListText(text) ?? [])
      : (readOptions({ text: listOf('text'), label: listOf('label') }) ??
          fromPairs(members.map(([, label, double, single]) => [label, double ?? single])))
  }
}

/** Label and text of an option that is a structure of its own: by their names, or as {"A": "4"}. */
function pairOf(option: Record<string, unknown>): [unknown, unknown] {
  const { label, key, id, letter, text, value, content } = option
  const [[name, only] = [], ...others] = Object.entries(option)
  return others.length === 0 ? [name, only] : [label ?? key ?? letter ?? id, text ?? value ?? content]
}

function fromPairs(pairs: [unknown, unknown][]): AnswerOption[] | null {
  const options = pairs.map(([label, text]) => ({
    label: cellText(label).replace(/^[a-z]$/, letter => letter.toUpperCase()),
    text: cellText(text).trim(),
  }))
  const isWhole = options.length >= 2 && options.every(({ label, text }) => label !== '' && text !== '')
  return isWhole && new Set(options.map(({ label }) => label)).size === options.length ? options : null
}

function fromTexts(texts: readonly string[]): AnswerOption[] | null {
  if (texts.length < 2 || texts.length > 26 || texts.some(text => text.trim() === '')) return null
  const letters = texts.map((_, index) => String.fromCharCode('A'.charCodeAt(0) + index))
  const labelled = texts.map(text => /^\s*\(?([a-z])\s?[).:\]]\s*(\S[\s\S]*)$/i.exec(text))
  const haveLetters = labelled.every((match, index) => match?.[1]?.toUpperCase() === letters[index])
  return letters.map((label, index) => ({
    label,
    text: (haveLetters ? labelled[index]![2]! : texts[index]!).trim(),
  }))
}

/** The parts of "A) 4 B) 6", without their letters; null where a text holds no such list. */
function splitLabelled(text: string): string[] | null {
  const parts: string[] = []
  let start = -1
  for (let index = 0; index < 26; index++) {
    const letter = String.fromCharCode('A'.charCodeAt(0) + index)
    const mark = new RegExp(`(?:^|[\\s,;])\\(?${letter}\\s?[).:]\\s*`, 'gi')
    mark.lastIndex = Math.max(start, 0)
    const match = mark.exec(text)
    if (start !== -1)
      parts.push(
        text
          .slice(start, match?.index)
          .replace(/[\s,;]+$/, '')
          .trim(),
      )
    if (match === null) break
    start = mark.lastIndex
  }
  return parts.length >= 2 ? parts : null
}
