import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { journalIndexName } from '../../core/record/journal-index.ts'
import { coverageOf, describeMissing, isPart } from '../../core/study/coverage.ts'
import { Journal } from '../run/journal.ts'
import { journalPaths } from '../run/journal-files.ts'
import {
  closeParts,
  describeMissingShards,
  describeParts,
  describeWhole,
  joinJournals,
  makeMergeFolder,
  openParts,
  type RunPart,
} from '../run/merge-runs.ts'
import { gradeAll } from '../run/run-columns.ts'
import { askedSamples, uncheckedFiles } from '../run/run-description.ts'
import { takeLease } from '../run/run-lease.ts'
import { printResults } from '../run/summarise-run.ts'
import { writeResults } from '../run/write-results.ts'
import { addLeaseFlags, type LeaseFlags, leaseOptionsOf } from './run-flags.ts'

interface MergeFlags extends LeaseFlags {
  out: string
  partial: boolean
  allowMixed: boolean
  json: boolean
  quiet: boolean
}

/** `entrace merge`: joins the shards of one run, and analyses the whole. Ends with 1 where samples are missing. */
export function mergeCommand(): Command {
  const command = new Command('merge')
    .description(
      'join the shards of one run, and grade, analyse and draw the whole; exit 1 where samples are missing',
    )
    .argument('<dir...>', 'folders of the shards')
    .requiredOption(
      '--out <dir>',
      'a folder for the whole run: a new one, or that of an earlier merge of them',
    )
    .option('--partial', 'take what is there for what was wanted: exit 0 with samples missing', false)
    .option(
      '--allow-mixed',
      'join parts made by other drivers or versions, whose numbers may differ in their last bits; run.json then says so',
      false,
    )
  return addLeaseFlags(command)
    .option('--json', 'print the analysis as one JSON document', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(async (folders: string[], flags: MergeFlags) => {
      const described = describeParts(folders, flags.allowMixed)
      const parts = openParts(described)
      try {
        const isWhole = await mergeParts(parts, flags)
        if (!isWhole && !flags.partial) process.exitCode = 1
      } finally {
        closeParts(parts)
      }
    })
}

/** Joins and analyses parts. Returns whether they are the whole run. */
async function mergeParts(parts: RunPart[], flags: MergeFlags): Promise<boolean> {
  const { out } = flags
  const run = describeWhole(parts)
  makeMergeFolder(out, parts)
  const lease = await takeLease(out, leaseOptionsOf(flags))
  try {
    const journalPath = join(out, 'samples.jsonl')
    // That of an earlier merge tells of another journal.
    rmSync(join(out, journalIndexName), { force: true })
    joinJournals(journalPath, parts)
    // Of whoever went on with an earlier merge; the parts hold all that is in them.
    for (const path of journalPaths(journalPath).slice(1)) rmSync(path)
    lease.ownsJournal = true
    // To append, which makes its index.
    const journal = new Journal(journalPath, 'append', lease)
    try {
      const coverage = coverageOf(askedSamples(run), journal.names())
      const merged = { ...run, merged: { samples: coverage.samples, of: coverage.of } }
      // run.json comes with the results, so that a merge that was interrupted can be run again.
      const results = writeResults(out, merged, gradeAll(() => journal.records(run.limit), run.grading)(), {
        journalBytes: journal.byteLength,
        check: () => lease.check(),
      })
      const unchecked = uncheckedFiles(parts.map(part => part.run))
      if (unchecked.length > 0 && !flags.quiet)
        console.error(
          `warning: ${unchecked.join(', ')}: whether all parts were made with the same ones could not be checked, as 0.1.0 did not record them`,
        )
      printResults(results, flags)
      if (!isPart(coverage)) return true
      const shards = describeMissingShards(run, parts)
      const found =
        `${coverage.missing.count} of ${coverage.of} samples are in none of the folders${shards === '' ? '' : `, of shards ${shards}`}. ` +
        `Missing: ${describeMissing(coverage)}. ${out} holds what is there, marked as a part; ` +
        `entrace eval with the run's flags and --out ${out} makes the others`
      if (!flags.partial) console.error(`entrace: ${found}, and --partial takes it as it is`)
      else if (!flags.quiet) console.error(`warning: ${found}`)
      return false
    } finally {
      journal.close()
    }
  } finally {
    lease.release()
  }
}
