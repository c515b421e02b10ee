import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { allColumnsOf } from '../../core/analyse/all-columns-of.ts'
import type { RunColumns } from '../../core/formats/run-columns.ts'
import { gradingDifferences } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { readRunSummary } from './analyse-columns.ts'
import { gradeAll } from './grade-all.ts'
import { Journal } from './journal.ts'
import type { RunDescription } from './run-description.ts'
import { columnFileFault, readRunFiles } from './run-manifest.ts'

/**
 * The columns of a run's finished samples, graded by its rules: of summary.parquet where it holds all of them, else of the journal.
 * Throws InputError where there is neither.
 */
export async function readColumns(folder: string, run: RunDescription): Promise<RunColumns> {
  const { limit, grading } = run
  let lacking = 'is missing, and so is samples.jsonl'
  const columns = await readRunFiles(folder, async files => {
    if (columnFileFault(folder, 'summary.parquet', files.manifest) !== null) return null
    const read = await readRunSummary(files, folder, run, false)
    if (gradingDifferences(read.grading, grading).length === 0) return read.columns
    lacking = 'was graded by other rules than run.json says, and samples.jsonl is missing'
    return null
  })
  if (columns) return columns
  const journalPath = join(folder, 'samples.jsonl')
  if (!existsSync(journalPath))
    throw new InputError(
      `${join(folder, 'summary.parquet')}: ${lacking}, expected one of them; check the path`,
    )
  const journal = new Journal(journalPath, 'read')
  try {
    const graded = gradeAll(() => journal.records(limit), grading)
    return allColumnsOf(graded(), grading)
  } finally {
    journal.close()
  }
}
