import type { Verdict } from '../grade/grade-answer.ts'
import { InputError } from '../input-error.ts'
import { type AnswerOption, type OptionColumns, optionsOf } from './answer-options.ts'
import { cellOf, cellText, describeCell, isEmpty } from './cell.ts'
import type { DataSetRow } from './data-set-rows.ts'
import { readExpectedAnswer } from './expected-answer.ts'
import type { Problem } from './problem.ts'

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
