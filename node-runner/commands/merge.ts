import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { gradeAll } from '../run/grade-all.ts'
import { Journal } from '../run/journal.ts'
import { journalPaths } from '../run/journal-file.ts'
import { closeParts, describeWhole, joinJournals, makeMergeFolder, openParts } from '../run/merge-runs.ts'
import { findMissing } from '../run/missing-samples.ts'
import { writeRunDescription } from '../run/run-description.ts'
import { takeLease } from '../run/run-lease.ts'
import { writeResults } from '../run/write-results.ts'
import { report } from './analyse.ts'
import { addLeaseFlags, type LeaseFlags, leaseOptionsOf } from './lease-flags.ts'

interface MergeFlags extends LeaseFlags {
  out: string
  json: boolean
  quiet: boolean
}

/** `entrace merge`: joins the shards of one run, and analyses the whole. */
export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('join the shards of one run, and grade, analyse and draw the whole')
    .argument('<dir...>', 'folders of the shards')
    .requiredOption('--out <dir>', 'a new folder, for the whole run')
  return addLeaseFlags(command)
    .option('--json', 'print the analysis as one JSON document', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(async (folders: string[], flags: MergeFlags) => {
      const parts = openParts(folders)
      try {
        await mergeParts(parts, flags)
      } finally {
        closeParts(parts)
      }
    })
}

async function mergeParts(parts: ReturnType<typeof openParts>, flags: MergeFlags): Promise<void> {
  const { out } = flags
  const run = describeWhole(parts)
  makeMergeFolder(out, parts)
  const lease = await takeLease(out, leaseOptionsOf(flags))
  try {
    const journalPath = join(out, 'samples.jsonl')
    // Of an interrupted merge, as the folder holds no run.
    for (const path of journalPaths(journalPath)) rmSync(path)
    joinJournals(journalPath, parts)
    lease.ownsJournal = true
    const journal = new Journal(journalPath, 'read')
    try {
      const { count, total, shards } = findMissing(
        run,
        parts.map(part => part.run),
        sample => journal.has(sample),
      )
      if (count > 0 && !flags.quiet)
        console.error(
          `warning: ${count} of ${total} samples are in none of the folders${shards === '' ? '' : `, of shards ${shards}`}; ` +
            `entrace eval with the run's flags and --out ${out} makes them`,
        )
      const results = writeResults(out, run, gradeAll(() => journal.records(run.limit), run.grading)())
      lease.check()
      // Last, so that a merge that was interrupted can be run again.
      writeRunDescription(join(out, 'run.json'), run)
      report(results, flags)
    } finally {
      journal.close()
    }
  } finally {
    lease.release()
  }
}
