import type { Verdict } from '../grade/grade-answer.ts'
import { InputError } from '../input-error.ts'
import {
  cellOf,
  cellText,
  describeCell,
  isEmpty,
  isStructure,
  itemsOfListText,
  parseExactJson,
} from './cell.ts'
import type { DataSetRow } from './data-set-rows.ts'
import { readExpectedAnswer } from './expected-answer.ts'
import type { Problem } from './problem.ts'

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
    const part = text.slice(start, match?.index)
    if (start !== -1) parts.push(part.replace(/[\s,;]+$/, '').trim())
    if (match === null) break
    start = mark.lastIndex
  }
  return parts.length >= 2 ? parts : null
}

/** Columns whose numbers count options from 0 by the convention of those who publish them. */
const countsFromZero: [options: RegExp, answer: RegExp][] = [
  [/choices$/, /^(?:answer|label|gold)$/i],
  [/^endings$/, /^label$/],
  [/^options$/, /^(?:answer|correct)_(?:index|idx)$/],
]

/** How the cells of the answer name an option. */
type Reading = (options: readonly AnswerOption[], answer: unknown) => AnswerOption | undefined

const readings = {
  'by letter': byLabel,
  'by letter or text': (options, answer) => byLabel(options, answer) ?? byText(options, answer),
  'counted from 0': (options, answer) => options[numberOf(answer)],
  'counted from 1': (options, answer) => options[numberOf(answer) - 1],
} satisfies Record<string, Reading>

/** How a data set names right options. */
export type OptionReading = keyof typeof readings

/** The right option of each row, null where it has no options or names no answer, and how the data set names them. */
export interface RightOptions {
  rights: (AnswerOption | null)[]
  reading: OptionReading
}

/**
 * Finds the right option of each row: letters and texts name it, numbers count from 0 or from 1, whichever fits all rows. Throws
 * InputError where readings that fit mean different options, or where an answer is none of the options. Undefined where the
 * columns were guessed and hold no options after all.
 */
export function findRightOptions(
  rows: readonly DataSetRow[],
  optionColumns: OptionColumns,
  answerColumn: string,
): RightOptions | undefined {
  const asked = rows.map(({ place, cells }) => {
    const options = optionsOf(cells, optionColumns)
    const answer = cellOf(cells, answerColumn)
    return { place, options, answer, isAnswered: options !== null && !isUnanswered(options, answer) }
  })
  const answered = asked.filter(({ isAnswered }) => isAnswered)
  const found = (Object.keys(readings) as OptionReading[]).map(reading => {
    const rights = asked.map(({ options, answer, isAnswered }) =>
      isAnswered ? (readings[reading](options!, answer) ?? null) : null,
    )
    return { reading, rights, count: rights.filter(right => right !== null).length }
  })
  const best = found.reduce((a, b) => (b.count > a.count ? b : a))
  // The larger of two unknowns is always one of them.
  const areFewLetters = optionColumns.isGuess && optionColumns.columns.join('').length < 4
  if (areFewLetters && best.reading !== 'by letter') return undefined
  if (best.count < answered.length) {
    if (optionColumns.isGuess && 2 * best.count <= answered.length) return undefined
    const { place, options, answer } = asked.find(
      ({ isAnswered }, index) => isAnswered && best.rights[index] === null,
    )!
    const labels = options!.map(({ label }) => label).join(', ')
    throw new InputError(
      `${place}: expected one of the options ${labels} in column "${answerColumn}", by letter, text or number, found ${describeCell(answer)}, in ${answered.length - best.count} of ${answered.length} rows with options. Correct it, remove the row, or name another column with --answer-column.`,
    )
  }
  // What the file calls its options goes before their texts and their places.
  if (best.reading === 'by letter' || answered.length === 0) return best
  const fitting = found.filter(({ count }) => count === answered.length)
  const fromZero = fitting.find(({ reading }) => reading === 'counted from 0')
  if (fromZero && isPublishedCount(rows, optionColumns, answerColumn)) return fromZero
  for (const other of fitting) {
    const place = asked.findIndex((_, index) => best.rights[index]?.label !== other.rights[index]?.label)
    if (place === -1) continue
    throw new InputError(
      `${asked[place]!.place}: expected an option in column "${answerColumn}", found ${describeCell(asked[place]!.answer)}, which may be read ${best.reading} or ${other.reading}: all rows allow both. Write letters there, or name another column with --answer-column.`,
    )
  }
  return best
}

/** Whether the columns are published ones that count from 0, and hold numbers where they could be the texts of options. */
function isPublishedCount(
  rows: readonly DataSetRow[],
  { columns: [column = ''] }: OptionColumns,
  answerColumn: string,
): boolean {
  if (!countsFromZero.some(([options, answer]) => options.test(column) && answer.test(answerColumn)))
    return false
  return rows.every(({ cells }) => {
    const [options, answer] = [cellOf(cells, column), cellOf(cells, answerColumn)]
    const mayBeText = Array.isArray(options) && options.some(option => cellText(option) === cellText(answer))
    return !mayBeText || (typeof answer !== 'string' && options.every(option => typeof option === 'string'))
  })
}

/** Test splits without answers have nothing there, or -1. */
function isUnanswered(options: readonly AnswerOption[], answer: unknown): boolean {
  return isEmpty(answer) || (cellText(answer) === '-1' && options.every(({ text }) => text !== '-1'))
}

function numberOf(answer: unknown): number {
  const text = cellText(answer).trim()
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
}

/** What a cell calls the answer: the cell, or the end of a solution in it. */
function nameOf(answer: unknown): string {
  const read = readExpectedAnswer(answer)
  return 'answer' in read ? read.answer : cellText(answer).trim()
}

/** By its label, bare or in brackets, or with its own text behind it. A letter that is another option's text names neither. */
function byLabel(options: readonly AnswerOption[], answer: unknown): AnswerOption | undefined {
  const [, label, text = ''] =
    /^\(?\s*([a-z]|\d{1,2})(?:\s?[).:\]]+\s*([\s\S]*))?$/i.exec(nameOf(answer)) ?? []
  const right = options.find(option => option.label.toUpperCase() === (label ?? nameOf(answer)).toUpperCase())
  if (right === undefined || (text !== '' && text !== right.text)) return undefined
  const isOtherText = options.some(option => option !== right && option.text === label)
  return isOtherText && !/^\d/.test(right.label) ? undefined : right
}

function byText(options: readonly AnswerOption[], answer: unknown): AnswerOption | undefined {
  const name = nameOf(answer)
  const exact = options.filter(({ text }) => text === name)
  const same =
    exact.length > 0 ? exact : options.filter(({ text }) => text.toLowerCase() === name.toLowerCase())
  const isLetterToo = options.some(({ label }) => label === name && same[0]?.label !== label)
  return same.length === 1 && !isLetterToo ? same[0] : undefined
}

/** An answer that begins with a letter of its own, as (B) 7. */
const lettered = /^[\s$*(]*(?:\\(?:text|mathrm|textbf|mathbf)\s*\{[\s(]*)?[A-J]\s*[).:\]}]/

/**
 * Grades an answer to a problem, which may have options: it is right by the letter of the right one, or by its text where the
 * answer gives it as the answer. `grade` compares the answer with one that is expected.
 */
export function gradeWithOption(
  { expectedAnswer, expectedOption }: Pick<Problem, 'expectedAnswer' | 'expectedOption'>,
  grade: (expected: string) => Verdict,
): Verdict {
  const byLetter = grade(expectedAnswer)
  // Any expression of the text may be the last one: what an answer says of another option, too.
  const { equal, extracted, rule } = byLetter
  const isText = extracted !== null && !rule.startsWith('last ') && !lettered.test(extracted)
  if (equal || expectedOption === undefined || !isText) return byLetter
  const byText = grade(expectedOption)
  return byText.equal ? { ...byText, rule: byText.rule.replace(',', ' (the text of the option),') } : byLetter
}
