import type { ByteSource } from '../files/byte-source.ts'
import { InputError } from '../input-error.ts'
import { type AnswerOption, optionsOf, withOptions } from './answer-options.ts'
import { cellOf, cellText, describeCell, isEmpty, isStructure, scalar } from './cell.ts'
import {
  type ColumnUse,
  columnUse,
  type DataSetColumns,
  type DataSetOptions,
  findColumns,
  mayBeUsed,
} from './data-set-columns.ts'
import { type DataSetRow, type DataSetTable, type ReadSettings, readRows } from './data-set-rows.ts'
import { type ExpectedAnswer, isMissingValue, readExpectedAnswer } from './expected-answer.ts'
import type { Problem, Scalar } from './problem.ts'

/** The problems of a data set, and which of its columns they are made of. */
export interface DataSet {
  problems: Problem[]
  columns: ColumnUse
}

/**
 * Reads the problems of a .jsonl, .json, .csv, .tsv or .parquet file with the columns of AI-MO (`id, problem, solution,
 * answer`), GSM8K (`question, answer` with the answer after `####`), MATH (`problem, solution` with the answer in the
 * last `\boxed{}`), MATH-500 (`unique_id`), ASDiv (`body, question`) or of the usual sets with options (`choices`, `options`,
 * `endings`, A to E): context and options are part of the problem, as the model is asked it, and a letter is expected. Of several
 * files the rows follow each other. A row without an id is named by its number, from 0. Throws an InputError that says what is
 * wrong and where, also when two rows have one id or a row has no answer.
 */
export async function readDataSet(
  sources: ByteSource | readonly ByteSource[],
  options: DataSetOptions = {},
  readParquet?: ReadSettings['readParquet'],
): Promise<DataSet> {
  const files = 'byteLength' in sources ? [sources] : [...sources]
  const table: DataSetTable = { rows: [], unread: new Map() }
  for (const file of files) {
    const { rows, unread } = await readRows(file, {
      isNestedWanted: name => mayBeUsed(name, options),
      ...(readParquet && { readParquet }),
    })
    for (const row of rows) table.rows.push(row)
    for (const [column, reason] of unread) table.unread.set(column, reason)
  }
  const { rows } = table
  const name = files[0]?.name ?? 'data set'
  const columns = findColumns(name, table, options)
  const answers = rows.map(({ cells }, index) => expectedOf(cells, columns, index))
  const problems = rows.map((row, index) => toProblem(row, index, columns, answers[index]!))
  checkIds(rows, problems)
  checkAnswers(name, rows, answers, columns.answer)
  return { problems, columns: columnUse(table, columns) }
}

function expectedOf(cells: DataSetRow['cells'], columns: DataSetColumns, index: number): ExpectedAnswer {
  const right = columns.options?.rights[index]
  if (right) return { answer: right.label, solution: null }
  const isUnanswered = columns.options && optionsOf(cells, columns.options) !== null
  return readExpectedAnswer(isUnanswered ? null : cellOf(cells, columns.answer))
}

/** Without an expected answer every answer would count as wrong. */
function checkAnswers(file: string, rows: DataSetRow[], answers: ExpectedAnswer[], column: string): void {
  const faults = answers.flatMap((answer, index) =>
    'found' in answer ? [{ ...answer, place: rows[index]!.place }] : [],
  )
  const [first] = faults
  if (first === undefined) return
  if (faults.length === rows.length && faults.every(({ isMissing }) => isMissing))
    throw new InputError(
      `${file}: expected answers in column "${column}", found it empty in all ${rows.length} rows. Name another with --answer-column; a test split may have none.`,
    )
  const others = faults.slice(1, 10).map(({ place }) => place.replace(/^.*: /s, ''))
  const also = others.length === 0 ? '' : ` (also ${others.join(', ')}${faults.length > 10 ? ', …' : ''})`
  throw new InputError(
    `${first.place}: expected an answer in column "${column}", found ${first.found}, in ${faults.length} of ${rows.length} rows${also}. ${first.remedy}.`,
  )
}

function toProblem(
  { cells, place }: DataSetRow,
  index: number,
  columns: DataSetColumns,
  expected: ExpectedAnswer,
): Problem {
  const stated = problemText(cells, place, columns)
  const options = columns.options ? optionsOf(cells, columns.options) : null
  const right = columns.options?.rights[index] ?? null
  const { answer, solution: fromAnswer } = 'answer' in expected ? expected : { answer: '', solution: null }
  if (columns.answer === columns.solution && fromAnswer === null && answer !== '') {
    throw new InputError(
      `${place}: expected the answer in a \\boxed{} of column "${columns.answer}", found none. Add it, remove the row, or name a column of answers with --answer-column.`,
    )
  }
  const solution = columns.solution === undefined ? '' : cellText(cells[columns.solution])
  const id = columns.id === undefined ? '' : cellText(cells[columns.id])
  return {
    id: id === '' ? String(index) : id,
    problem: options ? withOptions(stated, options) : stated,
    expectedAnswer: answer,
    ...(right && acceptsText(right) && { expectedOption: right.text }),
    solution: solution !== '' ? solution : fromAnswer,
    metadata: metadataOf(cells, columns),
  }
}

/** Where options are numbered and are numbers, a number is their label. */
function acceptsText({ label, text }: AnswerOption): boolean {
  return !/^\d/.test(label) || !/^\s*\d/.test(text)
}

/** The problem with its context, as the model is asked it. */
function problemText(cells: DataSetRow['cells'], place: string, columns: DataSetColumns): string {
  const cell = cellOf(cells, columns.problem)
  const text = onlyMessage(cell)
  if (typeof text !== 'string' || text.trim() === '' || isMissingValue(text)) {
    const found = Array.isArray(cell)
      ? `${describeCell(cell)}: it holds a list, of which only one message of the user could be asked`
      : describeCell(cell)
    throw new InputError(
      `${place}: expected text in column "${columns.problem}", found ${found}. Fill it in, remove the row, or name another column with --problem-column.`,
    )
  }
  const contexts = columns.contexts.map(column => cellOf(cells, column)).filter(context => !isEmpty(context))
  return (columns.isProblemFirst ? [text, ...contexts] : [...contexts, text]).join('\n\n')
}

/** The text of a conversation that is one message of the user; any other cell as it is. */
function onlyMessage(cell: unknown): unknown {
  if (!Array.isArray(cell) || cell.length !== 1 || !isStructure(cell[0])) return cell
  const { role, content } = cell[0]
  return role === 'user' ? content : cell
}

function metadataOf(cells: DataSetRow['cells'], columns: DataSetColumns): Record<string, Scalar> {
  const { problem, answer, id, solution, contexts, options } = columns
  const used = [problem, answer, id, solution, ...contexts, ...(options?.columns ?? [])]
  const others = Object.entries(cells).filter(([name]) => !used.includes(name))
  return Object.fromEntries(
    others
      .map(([name, value]) => [name, scalar(value)] as const)
      .filter((entry): entry is [string, Scalar] => entry[1] !== undefined),
  )
}

function checkIds(rows: DataSetRow[], problems: Problem[]): void {
  const places = new Map<string, string>()
  for (const [index, { id }] of problems.entries()) {
    const { place } = rows[index]!
    const earlier = places.get(id)
    if (earlier !== undefined) {
      throw new InputError(
        `${place}: expected an id of its own, found "${id}", which ${earlier} has too. Make the ids unique, or remove the column to number the rows.`,
      )
    }
    places.set(id, place)
  }
}
