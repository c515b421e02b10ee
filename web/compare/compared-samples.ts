import type { RunFacts } from '../../core/run/run-facts.ts'
import type { OpenedSample, OpenRun } from '../data/open-run.ts'
import { droppedRun } from '../data/run-source.ts'
import { messageOf } from '../dom.ts'
import { parseCompared, sampleName } from '../state/route.ts'
import type { ViewContext } from '../widgets/view.ts'

/** One of the answers that are compared. */
export interface ComparedSample {
  /** A to D: what it is called in the comparison. */
  letter: string
  sample: OpenedSample
  run: OpenRun
  /** Address of its run, as the route has it; null for the run that is shown. */
  address: string | null
}

const letters = 'ABCD'

/** "sample 0.1", and of which run where that is not the one that is shown. */
export function nameOfSample({ sample, address }: ComparedSample): string {
  const name = `sample ${sampleName(sample.problemIndex, sample.sampleIndex)}`
  return address === null ? name : `${name} of ${address === droppedRun ? 'the chosen files' : address}`
}

/** What the other run is called at the beginning of a sentence. */
function runName(address: string): string {
  return address === droppedRun ? 'The run of the chosen files' : `The run at ${address}`
}

/**
 * Reads the answers that the route names, the one in `row` first. `notes` say what is missing, and what the reader should
 * know, in words. Rejects where the first answer cannot be read.
 */
export async function readCompared(
  context: ViewContext,
  row: number,
): Promise<{ answers: ComparedSample[]; notes: string[] }> {
  const { run, route } = context
  const first = await run.readSample(row)
  const answers: ComparedSample[] = [{ letter: letters[0]!, sample: first, run, address: null }]
  const notes: string[] = []
  const wanted = parseCompared(route.with)
  const add = async (from: OpenRun, address: string | null, rows: readonly number[], sampleIndex: number) => {
    const found = rows.find(candidate => from.columns.sampleIndex[candidate] === sampleIndex)
    if (found !== undefined) {
      const sample = await from.readSample(found)
      answers.push({ letter: letters[answers.length]!, sample, run: from, address })
      return
    }
    const where = address === null ? 'This run' : runName(address)
    const has = rows.length === 1 ? 'one answer' : `${rows.length} answers`
    const name = sampleName(from.columns.problemIndex[rows[0]!]!, sampleIndex)
    notes.push(`${where} has ${has} to this problem, and none that is ${name}.`)
  }
  const own = rowsOfProblem(run.columns, first.problemIndex)
  for (const { isOther, sampleIndex } of wanted)
    if (!isOther && sampleIndex !== first.sampleIndex) await add(run, null, own, sampleIndex)
  if (route.against === null) {
    if (answers.length + notes.length === 1) notes.push('This run has no other answer to this problem.')
    return { answers, notes }
  }
  try {
    const other = await context.otherRun.open(route.against)
    const rows = await findProblem(other, first)
    if (rows.length === 0)
      notes.push(`${runName(route.against)} has no such problem: none of its problems has this text.`)
    else {
      for (const { isOther, sampleIndex } of wanted)
        if (isOther) await add(other, route.against, rows, sampleIndex)
      const differences = runDifferences(run.facts, other.facts)
      if (differences.length > 0) notes.push(`The runs differ: ${differences.join(', ')}.`)
      if (answers.some(({ sample }) => sample.prompt !== first.prompt))
        notes.push('The prompts differ: the models were not given the same text before they answered.')
    }
  } catch (error) {
    notes.push(`${runName(route.against)} cannot be opened: ${messageOf(error)}`)
  }
  return { answers, notes }
}

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

/** Rows of the answers to the problem that has an index in the data set. */
export function rowsOfProblem({ problemIndex, count }: OpenRun['columns'], index: number): number[] {
  const rows: number[] = []
  for (let row = 0; row < count; row++) if (problemIndex[row] === index) rows.push(row)
  return rows
}

/** What is set for decoding and changes no answer: how many there are, what is recorded, and where a setting came from. */
const withoutEffect = new Set(['samples', 'topLogprobs', 'pTrue', 'sources'])

/** In words, what of the settings of two runs differs and changes answers or verdicts; none where a run does not say. */
export function runDifferences(one: RunFacts | null, other: RunFacts | null): string[] {
  if (!one || !other) return []
  const settings = ({ model, dtypes, dataSet, decoding, grading }: RunFacts): Record<string, unknown> => {
    return { model, dtypes, 'data set': dataSet, ...decoding, ...grading }
  }
  const [first, second] = [settings(one), settings(other)]
  return [...new Set([...Object.keys(first), ...Object.keys(second)])].flatMap(name => {
    const [from, to] = [wordsOf(first[name]), wordsOf(second[name])]
    return from === to || withoutEffect.has(name) ? [] : [`${name} ${from} → ${to}`]
  })
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
