import type { RunColumns } from '../../core/formats/run-columns.ts'

/** The answers to one problem among those that are listed. */
export interface ProblemGroup {
  problemId: string
  answers: number
  correct: number
}

/** What the table lists: rows of the run as they are, and headings of groups as −1 − their index. */
export interface TableLines {
  lines: Int32Array
  groups: ProblemGroup[]
}

/** One line for each row. */
export function plainLines(rows: Int32Array): TableLines {
  return { lines: rows, groups: [] }
}

/** The rows with the answers to one problem together, below a heading; groups stand where their first row stood. */
export function groupLines(columns: RunColumns, rows: Int32Array): TableLines {
  const { problemIndex, problemId, correct } = columns
  const members = new Map<number, number[]>()
  for (const row of rows) {
    const group = members.get(problemIndex[row]!)
    if (group) group.push(row)
    else members.set(problemIndex[row]!, [row])
  }
  const groups: ProblemGroup[] = []
  const lines = new Int32Array(rows.length + members.size)
  let at = 0
  for (const group of members.values()) {
    lines[at++] = -1 - groups.length
    groups.push({
      problemId: problemId[group[0]!]!,
      answers: group.length,
      correct: group.reduce((sum, row) => sum + correct[row]!, 0),
    })
    for (const row of group) lines[at++] = row
  }
  return { lines, groups }
}
