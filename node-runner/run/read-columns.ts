import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { allColumnsOf } from '../../core/analyse/all-columns-of.ts'
import type { RunColumns } from '../../core/formats/run-columns.ts'
import { openSummary } from '../../core/formats/summary-parquet.ts'
import { InputError } from '../../core/input-error.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import { columnFileFault } from './column-files.ts'
import { Journal } from './journal.ts'
import { resultFiles } from './write-results.ts'

/**
 * The columns of a run's finished samples: of summary.parquet where it holds all of them, else of the journal. Throws
 * InputError where there is neither.
 */
export async function readColumns(folder: string, limit: number): Promise<RunColumns> {
  const { summary } = resultFiles(folder)
  const fault = columnFileFault(folder, summary)
  if (fault === null) {
    const source = await openFileByteSource(summary)
    try {
      return await (await openSummary(source)).readColumns()
    } finally {
      await source.close()
    }
  }
  const journalPath = join(folder, 'samples.jsonl')
  if (!existsSync(journalPath))
    throw new InputError(
      `${summary}: ${fault}, and so is samples.jsonl, expected one of them; check the path`,
    )
  const journal = new Journal(journalPath, 'read')
  try {
    return allColumnsOf(journal.records(limit))
  } finally {
    journal.close()
  }
}
