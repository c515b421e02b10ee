import type { OpenRun } from '../data/open-run.ts'

/** What finding a problem reads of a run. */
export type ProblemSource = Pick<OpenRun, 'columns' | 'readSample' | 'searchText'>

/**
 * Rows of the answers to a problem in another run, in the order of the run; none where it has no such problem. The same
 * problem is one of the same text: first looked for under the same id, then by a search of all texts, since a data set may
 * number the same problems otherwise, and other problems alike.
 */
export async function findProblem(
  run: ProblemSource,
  problem: { problemId: string; problem: string },
): Promise<number[]> {
  const { problemId, problemIndex } = run.columns
  const isProblem = async (row: number) => (await run.readSample(row)).problem === problem.problem
  const sameId = problemId.indexOf(problem.problemId)
  if (sameId !== -1 && (await isProblem(sameId))) return rowsOfProblem(run.columns, problemIndex[sameId]!)
  const found: number[] = []
  await run.searchText(problem.problem, ({ rows }) => found.push(...rows))
  // One answer to each problem tells.
  const candidates = new Map(found.map(row => [problemIndex[row]!, row]))
  for (const [index, row] of candidates) if (await isProblem(row)) return rowsOfProblem(run.columns, index)
  return []
}

/** Rows of the answers to the problem that stands at a place of the data set. */
export function rowsOfProblem({ problemIndex, count }: OpenRun['columns'], index: number): number[] {
  const rows: number[] = []
  for (let row = 0; row < count; row++) if (problemIndex[row] === index) rows.push(row)
  return rows
}
