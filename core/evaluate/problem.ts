import { quickSha256 } from '../files/sha256.ts'
import { InputError } from '../input-error.ts'

/** A value that a table's cell holds alone. */
export type Scalar = string | number | boolean | null

/** One problem of a data set. */
export interface Problem {
  /** Unique within the data set. */
  id: string
  /** As the model is asked it: with its context before it and its options below it. */
  problem: string
  /** The answer alone, without the solution that leads to it; '' if the data set gives none. */
  expectedAnswer: string
  /** Text of the right option, where the expected answer is its letter: equal to this an answer is right too. */
  expectedOption?: string
  /** The worked solution, if the data set has one. */
  solution: string | null
  /** Further columns that hold one value, as they were: level, type, subject, operations, ... */
  metadata: Record<string, Scalar>
}

/**
 * SHA-256, in hexadecimal, of what a run takes from a data set: ids, problems and expected answers in their order.
 * The same problems have the same digest in whichever file format they come.
 */
export async function dataSetDigest(problems: readonly Problem[]): Promise<string> {
  const encoder = new TextEncoder()
  const lines = problems.map(({ id, problem, expectedAnswer }, index) =>
    encoder.encode(`${index === 0 ? '' : '\n'}${JSON.stringify([id, problem, expectedAnswer])}`),
  )
  // Bytes, since the texts of a large data set together are longer than a string may be.
  return quickSha256(new Uint8Array(await new Blob(lines).arrayBuffer()))
}

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
