import { join } from 'node:path'
import { Command } from 'commander'
import { gradeAll } from '../run/grade-all.ts'
import { Journal } from '../run/journal.ts'
import { lockFolder } from '../run/lock-folder.ts'
import { closeParts, describeWhole, joinJournals, makeMergeFolder, openParts } from '../run/merge-runs.ts'
import { findMissing } from '../run/missing-samples.ts'
import { writeResults } from '../run/write-results.ts'
import { report } from './analyse.ts'

/** `entrace merge`: joins the shards of one run, and analyses the whole. */
export function mergeCommand(): Command {
  return new Command('merge')
    .description('join the shards of one run, and grade, analyse and draw the whole')
    .argument('<dir...>', 'folders of the shards')
    .requiredOption('--out <dir>', 'a new folder, for the whole run')
    .option('--json', 'print the analysis as one JSON document', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(async (folders: string[], flags: { out: string; json: boolean; quiet: boolean }) => {
      const parts = openParts(folders)
      try {
        await mergeParts(parts, flags)
      } finally {
        closeParts(parts)
      }
    })
}

async function mergeParts(
  parts: ReturnType<typeof openParts>,
  flags: { out: string; json: boolean; quiet: boolean },
): Promise<void> {
  const { out } = flags
  const run = describeWhole(parts)
  makeMergeFolder(out, parts)
  const unlock = lockFolder(out)
  try {
    const journalPath = join(out, 'samples.jsonl')
    joinJournals(journalPath, parts)
    // To append, which makes its index.
    const journal = new Journal(journalPath, 'append')
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
      // run.json comes with the results, so that a merge that was interrupted can be run again.
      const results = writeResults(out, run, gradeAll(() => journal.records(run.limit), run.grading)())
      report(results, flags)
    } finally {
      journal.close()
    }
  } finally {
    unlock()
  }
}
