import { lastBoxed } from '../grade/boxed-answer.ts'
import { InputError } from '../input-error.ts'
import {
  findOptionColumns,
  findRightOptions,
  listColumns,
  type OptionColumns,
  type RightOptions,
} from './answer-options.ts'
import { cellOf, cellText, isEmpty, isStructure } from './cell.ts'
import type { DataSetTable } from './data-set-rows.ts'

/** What cannot be guessed about a data set. */
export interface DataSetOptions {
  problemColumn?: string | undefined
  answerColumn?: string | undefined
  /** Columns are guessed where the named ones are not there, as in a file of examples for another data set. */
  isNamedForAnother?: boolean
}

/** Where a data set has what a run takes from it. */
export interface DataSetColumns {
  problem: string
  answer: string
  id: string | undefined
  solution: string | undefined
  /** Text that a problem needs: a story, a passage, the input of an instruction. */
  contexts: string[]
  /** Whether the problem stands before its context: an instruction before its input. */
  isProblemFirst: boolean
  options: (OptionColumns & RightOptions) | undefined
}

const problemColumns = [
  'question.stem',
  'problem',
  'question',
  'prompt',
  'query',
  'question_stem',
  'instruction',
]
/** Columns that hold the problem where it has options to choose from. */
const startColumns = ['ctx', 'goal', 'sentence', 'premise']
const answerColumns = [
  'answer.value',
  'answer',
  'expected_answer',
  'final_answer',
  'final_ans',
  'reward_model.ground_truth',
  'ground_truth',
  'numeric_answer',
  'correct_answer',
  'reference_answer',
  'gold_answer',
  'gold',
  'target',
  'answers.text',
]
/** Columns that hold the answer where there are options to choose from: elsewhere they say other things. */
const choiceColumns = [
  'answer_key',
  'correct',
  'correct_option',
  'label',
  'cop',
  'answer_idx',
  'answer_index',
]
const contextColumns = [
  'body',
  'passage',
  'context',
  'story',
  'article',
  'paragraph',
  'background',
  'scenario',
  'premise',
  'document',
  'table',
]
const idColumns = ['id', 'unique_id', 'problem_id']

/** Whether a run may use a column of this name, so that it has to be read. */
export function mayBeUsed(name: string, { problemColumn, answerColumn }: DataSetOptions): boolean {
  const known = [...problemColumns, ...answerColumns, ...choiceColumns, ...listColumns]
  return [problemColumn ?? '', answerColumn ?? '', ...known].some(
    column => plainName(column.split('.')[0]!) === plainName(name),
  )
}

/** Finds the columns, by name or by what data sets usually call them in whichever case. Throws InputError. */
export function findColumns(file: string, table: DataSetTable, options: DataSetOptions): DataSetColumns {
  const { rows, unread } = table
  const columns = columnNames(table)
  const names = [...columns, ...memberNames(table)]
  const nameOf = new Map([...names].reverse().map(name => [plainName(name), name]))
  const found = new Set(names)
  const find = (known: readonly string[]) =>
    known.map(name => (found.has(name) ? name : nameOf.get(plainName(name)))).find(name => name !== undefined)

  function choose(what: string, flag: string, named: string | undefined, known: string[]): string {
    const isFound = named !== undefined && found.has(named)
    const guess = options.isNamedForAnother || named === undefined ? find(known) : undefined
    const column = isFound ? named : guess
    if (column === undefined) {
      const expected = named === undefined ? `one of ${known.join(', ')}` : `"${named}"`
      throw new InputError(
        `${file}: expected ${expected} as the column of the ${what}, found the columns ${[...columns].join(', ')}. Name it with ${flag}.`,
      )
    }
    const reason = unread.get(column)
    if (reason !== undefined)
      throw new InputError(
        `${file}: column "${column}" of the ${what} ${reason}. Write the file again, or name another column with ${flag}.`,
      )
    return column
  }

  const readable = names.filter(name => !unread.has(name))
  const optionColumns = findOptionColumns(rows, readable, known => {
    const column = find(known)
    return column !== undefined && readable.includes(column) ? column : undefined
  })
  const inputs = found.has('instruction') ? [] : ['input']
  const problem = choose('problem', '--problem-column', options.problemColumn, [
    ...problemColumns,
    ...(optionColumns ? startColumns : []),
    ...inputs,
  ])
  const solution = find(['solution'])
  const isBoxed =
    solution !== undefined && rows.some(({ cells }) => lastBoxed(cellText(cells[solution])) !== null)
  // Some test splits have the column and leave it empty, and the answer in another.
  const hasAnswers = (name: string) => {
    const column = find([name])
    return (
      column !== undefined &&
      (unread.has(column) || rows.some(({ cells }) => !isEmpty(cellOf(cells, column))))
    )
  }
  const known = [
    ...answerColumns,
    ...(optionColumns ? choiceColumns : []),
    // MATH has its answers inside the solutions only.
    ...(isBoxed ? [solution] : []),
    ...(/^(?:instruction|input)$/i.test(problem) ? ['output'] : []),
  ]
  const filled = known.filter(hasAnswers)
  const answer = choose('answer', '--answer-column', options.answerColumn, filled.length > 0 ? filled : known)
  const rights = optionColumns && findRightOptions(rows, optionColumns, answer)
  const used = [problem, answer, ...(rights ? optionColumns.columns : [])]
  const isInstruction = plainName(problem) === 'instruction'
  return {
    problem,
    answer,
    id: idColumns.find(name => found.has(name) && !unread.has(name)),
    solution: solution !== undefined && !unread.has(solution) ? solution : undefined,
    contexts: [...contextColumns, ...(isInstruction ? ['input'] : [])].flatMap(name => {
      const column = find([name])
      return column === undefined || used.includes(column) || !holdsText(table, column) ? [] : [column]
    }),
    isProblemFirst: isInstruction,
    options: rights && { ...optionColumns, ...rights },
  }
}

/** What became of each column of a data set. */
export interface ColumnUse {
  /** Columns of the problem in the order in which they are shown, of its options, of the answer, the id, the solution. */
  used: Record<'problem' | 'options' | 'answer' | 'id' | 'solution', string[]>
  /** How answers name options; null without options. */
  optionsNamed: RightOptions['reading'] | null
  /** Columns that the model is not shown and answers are not compared with. */
  left: string[]
  /** Why some of these were not read, by name: "cannot be read: ...", "holds lists or structures". */
  unread: Record<string, string>
}

/** Which columns a run uses, and which it leaves. */
export function columnUse(table: DataSetTable, columns: DataSetColumns): ColumnUse {
  const { problem, answer, id, solution, contexts, options } = columns
  const listOf = (name: string | undefined) => (name === undefined || name === answer ? [] : [name])
  const used = {
    problem: columns.isProblemFirst ? [problem, ...contexts] : [...contexts, problem],
    options: options?.columns ?? [],
    answer: [answer],
    id: listOf(id),
    solution: listOf(solution),
  }
  const names = columnNames(table)
  const outerOf = (name: string) => (names.has(name) ? name : name.split('.')[0])
  const taken = new Set(Object.values(used).flat().map(outerOf))
  const left = [...names].filter(name => !taken.has(name))
  return {
    used,
    optionsNamed: options?.reading ?? null,
    left,
    unread: Object.fromEntries(table.unread),
  }
}

function columnNames({ rows, unread }: DataSetTable): Set<string> {
  const names = new Set<string>()
  for (const { cells } of rows) for (const name of Object.keys(cells)) names.add(name)
  for (const name of unread.keys()) names.add(name)
  return names
}

/** Names of the members of structures in columns, as "answers.text". */
function memberNames({ rows }: DataSetTable): Set<string> {
  const names = new Set<string>()
  for (const { cells } of rows)
    for (const [column, cell] of Object.entries(cells))
      if (isStructure(cell)) for (const member of Object.keys(cell)) names.add(`${column}.${member}`)
  return names
}

/** A name without case and separators: "Final Answer" is final_answer. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '')
}

function holdsText({ rows }: DataSetTable, column: string): boolean {
  const cells = rows.map(row => cellOf(row.cells, column)).filter(cell => !isEmpty(cell))
  return cells.length > 0 && cells.every(cell => typeof cell === 'string')
}
