import { statSync } from 'node:fs'
import { join } from 'node:path'
import { journalModifiedMs } from './journal.ts'

/** What is wrong with a file of a run that is made from the journal, in words; null where it holds all that the journal does. */
export function columnFileFault(folder: string, path: string): string | null {
  const time = modifiedMs(path)
  if (time === null) return 'is missing'
  return time < (journalModifiedMs(join(folder, 'samples.jsonl')) ?? 0) ? 'is older than samples.jsonl' : null
}

/** When a file was last written, or null where there is none. */
function modifiedMs(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null
}
