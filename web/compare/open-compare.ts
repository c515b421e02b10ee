import type { OpenRun } from '../data/open-run.ts'
import { parseCompared } from '../state/compared-answers.ts'
import { sampleName } from '../state/route.ts'
import type { View, ViewContext } from '../view.ts'
import { type ComparedSample, letterOf, runName } from './compared-sample.ts'
import { createCompare } from './create-compare.ts'
import { findProblem, rowsOfProblem } from './find-problem.ts'
import { runDifferences } from './run-differences.ts'

/**
 * Reads the answers that the route names, the one in `row` first. Returns what lays them side by side. What is missing is said
 * on the screen, in words. Rejects where the first answer cannot be read.
 */
export async function openCompare(context: ViewContext, row: number): Promise<() => View> {
  const { run, route } = context
  const first = await run.readSample(row)
  const answers: ComparedSample[] = [{ letter: letterOf(0), sample: first, run, address: null }]
  const notes: string[] = []
  const makeView = () => createCompare(context, answers, notes)
  const wanted = parseCompared(route.with)
  const add = async (
    { run: from, rows, address }: { run: OpenRun; rows: readonly number[]; address: string | null },
    sampleIndex: number,
  ) => {
    const found = rows.find(candidate => from.columns.sampleIndex[candidate] === sampleIndex)
    const where = address === null ? 'This run' : `${runName(address)}`
    const has = rows.length === 1 ? 'one answer' : `${rows.length} answers`
    if (found === undefined)
      notes.push(
        `${where} has ${has} to this problem, and none that is ${sampleName(from.columns.problemIndex[rows[0]!]!, sampleIndex)}.`,
      )
    else {
      const sample = await from.readSample(found)
      answers.push({ letter: letterOf(answers.length), sample, run: from, address })
    }
  }
  const own = { run, rows: rowsOfProblem(run.columns, first.problemIndex), address: null }
  for (const { isOther, sampleIndex } of wanted)
    if (!isOther && sampleIndex !== first.sampleIndex) await add(own, sampleIndex)
  if (route.against === null) {
    if (answers.length + notes.length === 1) notes.push('This run has no other answer to this problem.')
    return makeView
  }
  try {
    const other = await context.otherRun.open(route.against)
    const rows = await findProblem(other, first)
    if (rows.length === 0)
      notes.push(`${runName(route.against)} has no such problem: none of its problems has this text.`)
    else {
      for (const { isOther, sampleIndex } of wanted)
        if (isOther) await add({ run: other, rows, address: route.against }, sampleIndex)
      const differences = runDifferences(run.facts, other.facts)
      if (differences.length > 0) notes.push(`The runs differ: ${differences.join(', ')}.`)
      const isOtherPrompt = answers.some(({ sample }) => sample.prompt !== first.prompt)
      if (isOtherPrompt)
        notes.push('The prompts differ: the models were not given the same text before they answered.')
    }
  } catch (error) {
    notes.push(
      `${runName(route.against)} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return makeView
}
