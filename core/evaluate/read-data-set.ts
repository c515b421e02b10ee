import type { ByteSource } from '../formats/byte-source.ts'
import { lastBoxed } from '../grade/boxed-answer.ts'
import { referenceAnswer } from '../grade/grade-answer.ts'
import { InputError } from '../input-error.ts'
import { type DataSetRow, readRows } from './data-set-rows.ts'
import type { Problem, Scalar } from './problem.ts'

/** What cannot be guessed about a data set. */
export interface DataSetOptions {
  problemColumn?: string | undefined
  answerColumn?: string | undefined
}

const problemColumns = ['problem', 'question', 'prompt']
const answerColumns = ['answer', 'expected_answer', 'final_answer']
const idColumns = ['id', 'unique_id', 'problem_id']
const solutionColumn = 'solution'

/** MATH writes some boxes without braces: `\boxed 2$`. */
const unbracedBox = /\\boxed\s+([^{}$\s][^$\n]{0,200}?)\s*\.?\s*(?:\$|$)(?![\s\S]*\\boxed)/

interface Columns {
  problem: string
  answer: string
  id: string | undefined
}

/**
 * Reads the problems of a .jsonl, .json, .csv or .parquet file with the columns of AI-MO (`id, problem, solution,
 * answer`), GSM8K (`question, answer` with the answer after `####`), MATH (`problem, solution` with the answer in the
 * last `\boxed{}`) or MATH-500 (`unique_id`); of several files the rows follow each other. A row without an id is named
 * by its number, from 0. Throws an InputError that says what is wrong and where, also when two rows have one id.
 */
export async function readDataSet(
  sources: ByteSource | readonly ByteSource[],
  options: DataSetOptions = {},
): Promise<Problem[]> {
  const files = 'byteLength' in sources ? [sources] : [...sources]
  const rows: DataSetRow[] = []
  for (const file of files) for (const row of await readRows(file)) rows.push(row)
  const name = files[0]?.name ?? 'data set'
  const columns = findColumns(name, rows, options)
  const problems = rows.map((row, index) => toProblem(row, index, columns))
  checkIds(rows, problems)
  checkAnswers(name, rows, problems, columns.answer)
  return problems
}

/** Without an expected answer every answer would count as wrong. */
function checkAnswers(file: string, rows: DataSetRow[], problems: Problem[], column: string): void {
  const empty = rows.filter((_, index) => problems[index]!.expectedAnswer === '')
  if (empty.length === 0) return
  if (empty.length === rows.length)
    throw new InputError(
      `${file}: expected answers in column "${column}", found it empty in all ${rows.length} rows. Name another with --answer-column; a test split may have none.`,
    )
  throw new InputError(
    `${empty[0]!.place}: expected an answer in column "${column}", found none, in ${empty.length} of ${rows.length} rows. Fill it in, remove the row, or name another column with --answer-column.`,
  )
}

function findColumns(file: string, rows: DataSetRow[], options: DataSetOptions): Columns {
  const found = new Set(rows.flatMap(row => Object.keys(row.cells)))
  const list = [...found].join(', ')

  function choose(what: string, flag: string, named: string | undefined, known: string[]): string {
    const column = named === undefined ? known.find(name => found.has(name)) : named
    if (column !== undefined && found.has(column)) return column
    const expected = named === undefined ? `one of ${known.join(', ')}` : `"${named}"`
    throw new InputError(
      `${file}: expected ${expected} as the column of the ${what}, found the columns ${list}. Name it with ${flag}.`,
    )
  }

  // MATH has its answers inside the solutions only.
  const isBoxed = rows.some(({ cells }) => lastBoxed(cellText(cells[solutionColumn])) !== null)
  const knownAnswers = isBoxed ? [...answerColumns, solutionColumn] : answerColumns
  return {
    problem: choose('problem', '--problem-column', options.problemColumn, problemColumns),
    answer: choose('answer', '--answer-column', options.answerColumn, knownAnswers),
    id: idColumns.find(name => found.has(name)),
  }
}

function toProblem({ cells, place }: DataSetRow, index: number, columns: Columns): Problem {
  const problem = cells[columns.problem]
  if (typeof problem !== 'string' || problem.trim() === '') {
    throw new InputError(
      `${place}: expected text in column "${columns.problem}", found ${JSON.stringify(scalar(problem)) ?? 'nothing'}. Fill it in, remove the row, or name another column with --problem-column.`,
    )
  }
  const answer = cellText(cells[columns.answer])
  const boxed = lastBoxed(answer) ?? unbracedBox.exec(answer)?.[1]
  if (columns.answer === solutionColumn && boxed === undefined) {
    throw new InputError(
      `${place}: expected the answer in a \\boxed{} of column "${solutionColumn}", found none. Add it, remove the row, or name a column of answers with --answer-column.`,
    )
  }
  const expectedAnswer = boxed ?? referenceAnswer(answer)
  const solution = cellText(cells[solutionColumn]) || (answer.trim() === expectedAnswer ? '' : answer)
  const id = columns.id === undefined ? '' : cellText(cells[columns.id])

  const ownColumns = [columns.problem, columns.answer, columns.id, solutionColumn]
  const others = Object.entries(cells).filter(([name]) => !ownColumns.includes(name))
  const metadata = others
    .map(([name, value]) => [name, scalar(value)] as const)
    .filter((entry): entry is [string, Scalar] => entry[1] !== undefined)
  return {
    id: id === '' ? String(index) : id,
    problem,
    expectedAnswer,
    solution: solution === '' ? null : solution,
    metadata: Object.fromEntries(metadata),
  }
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

/** A cell as text: '' if it is empty or holds no single value; 36.0 is "36". */
function cellText(value: unknown): string {
  return String(scalar(value) ?? '')
}

/** A cell's value as JSON can hold it; undefined for a list or a structure. */
function scalar(value: unknown): Scalar | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  }
  if (value instanceof Date) return value.toJSON()
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  return undefined
}
