import { InputError } from '../input-error.ts'
import type { Problem } from './problem.ts'

/** A problem that is shown with its solution. */
export interface WorkedExample {
  problem: string
  solution: string
  answer: string
}

/**
 * The first `count` problems of a data set as examples for a run over others. Throws InputError when they are fewer, one
 * has no solution, or one is a problem of the run itself, whose answer would be given away.
 */
export function workedExamples(
  where: string,
  problems: readonly Problem[],
  count: number,
  evaluated: readonly Problem[],
): WorkedExample[] {
  if (problems.length < count)
    throw new InputError(
      `${where}: holds ${problems.length} examples, expected ${count}; lower --few-shot or name another file with --few-shot-file`,
    )
  const asked = new Map(evaluated.map(({ id, problem }) => [normalised(problem), id]))
  return problems.slice(0, count).map(({ id, problem, solution, expectedAnswer }) => {
    if (solution === null)
      throw new InputError(
        `${where}: example ${id} has no solution to show; expected columns problem and solution, name another file with --few-shot-file`,
      )
    const asksToo = asked.get(normalised(problem))
    if (asksToo !== undefined)
      throw new InputError(
        `${where}: example ${id} is problem ${asksToo} of the data set, which would give its answer away; name other examples with --few-shot-file`,
      )
    return { problem, solution, answer: expectedAnswer }
  })
}

function normalised(problem: string): string {
  return problem.trim().replaceAll(/\s+/g, ' ')
}
