import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Command } from 'commander'
import { gradingDifferences, withAskedRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { type ErrorLabels, readErrorLabels } from '../../core/study/errors/error-labels.ts'
import { openNamedFile } from '../files/file-byte-source.ts'
import { readDataSetApart } from '../files/read-parquet.ts'
import { Journal } from '../run/journal.ts'
import { readUndamagedManifest } from '../run/read-run-files.ts'
import { analyseColumns, gradeAll } from '../run/run-columns.ts'
import { readRunDescription } from '../run/run-description.ts'
import { type RunLease, takeLease } from '../run/run-lease.ts'
import { ResultsOutdated } from '../run/staged-results.ts'
import { printResults } from '../run/summarise-run.ts'
import { type Results, writeResults } from '../run/write-results.ts'
import {
  addGradingFlags,
  addLeaseFlags,
  type GradingFlags,
  type LeaseFlags,
  leaseOptionsOf,
} from './run-flags.ts'

interface AnalyseFlags extends GradingFlags, LeaseFlags {
  fromColumns: boolean
  labels?: string
  json: boolean
  quiet: boolean
}

/** `entrace analyse`: grades, analyses and draws a run again from its journal; runs no model. */
export function analyseCommand(): Command {
  const command = new Command('analyse')
    .description("grade, analyse and draw a run's finished samples again; runs no model")
    .argument('<dir>', 'folder of the run')
    .option(
      '--from-columns',
      'read summary.parquet and traces.parquet only: fast, but grades nothing again',
      false,
    )
    .option(
      '--labels <file>',
      'errors sorted by hand: a .jsonl, .json, .csv or .parquet file with problemId, sampleIndex and kind',
    )
  return addLeaseFlags(addGradingFlags(command, 'as the run was graded'))
    .option('--json', 'print the analysis as one JSON document', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(async (folder: string, flags: AnalyseFlags) => {
      const run = readRunDescription(join(folder, 'run.json'))
      const journalPath = join(folder, 'samples.jsonl')
      if (flags.fromColumns && flags.labels !== undefined)
        throw new InputError(
          '--labels sorts errors by their texts, which --from-columns does not read; leave one out',
        )
      if (!run || !(flags.fromColumns || existsSync(journalPath)))
        throw new InputError(
          `${folder}: expected a run's folder with run.json and samples.jsonl; check the path`,
        )
      const grading = withAskedRules(run.grading, flags)
      const changes = gradingDifferences(run.grading, grading)
      if (flags.fromColumns && changes.length > 0)
        throw new InputError(
          `--from-columns grades nothing again, and the run was graded by other rules (${changes.join(', ')}); leave it out`,
        )
      // A run under way would end with verdicts by both.
      const lease = changes.length > 0 ? await takeLease(folder, leaseOptionsOf(flags)) : null
      try {
        const analyse = () =>
          flags.fromColumns ? analyseColumns(folder, run) : analyseJournal(folder, flags, lease)
        printResults(await untilCurrent(analyse), flags)
      } finally {
        lease?.release()
      }
    })
}

/** Makes results again where a run that went on, or another analysis, put newer ones in place meanwhile. */
async function untilCurrent(make: () => Promise<Results>): Promise<Results> {
  const mostTries = 5
  for (let tries = 1; ; tries++)
    try {
      return await make()
    } catch (error) {
      if (!(error instanceof ResultsOutdated) || tries === mostTries) throw error
    }
}

async function analyseJournal(folder: string, flags: AnalyseFlags, lease: RunLease | null): Promise<Results> {
  // What is read here is what the results are made from.
  const manifestBefore = readUndamagedManifest(folder)
  const before = readRunDescription(join(folder, 'run.json'))!
  const grading = withAskedRules(before.grading, flags)
  const changes = gradingDifferences(before.grading, grading)
  const run = { ...before, grading }
  const labels = flags.labels === undefined ? undefined : await readLabels(flags.labels)
  const journal = new Journal(join(folder, 'samples.jsonl'), 'read')
  try {
    const graded = gradeAll(() => journal.records(run.limit), run.grading)
    const right = labels?.countRight(graded()) ?? 0
    if (right > 0 && !flags.quiet)
      console.error(`warning: ${right} of ${labels?.count} labels are of right answers, and have no effect`)
    if (changes.length > 0 && !flags.quiet)
      console.error(`graded by other rules than before (${changes.join(', ')}), which run.json now names`)
    const results = writeResults(folder, run, graded(), {
      labels,
      journalBytes: journal.byteLength,
      check() {
        lease?.check()
        const manifest = readUndamagedManifest(folder)
        const isNewer =
          manifest?.sha256 !== manifestBefore?.sha256 && (manifest?.journalBytes ?? 0) > journal.byteLength
        if (isNewer || !isDeepStrictEqual(readRunDescription(join(folder, 'run.json')), before))
          throw new ResultsOutdated(folder)
      },
    })
    journal.writeFirstIndex()
    return results
  } finally {
    journal.close()
  }
}

async function readLabels(path: string): Promise<ErrorLabels> {
  const source = await openNamedFile(
    path,
    'expected labels (.jsonl, .json, .csv or .parquet); check --labels',
  )
  try {
    return await readErrorLabels(source, { readParquet: ({ name }) => readDataSetApart(name, {}) })
  } finally {
    await source.close()
  }
}
