import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type ErrorLabels, readErrorLabels } from '../../core/analyse/errors/error-labels.ts'
import { gradeWithOption } from '../../core/evaluate/right-options.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import { InputError } from '../../core/input-error.ts'
import { openNamedFile } from '../files/open-named-file.ts'
import { openAlgebra } from '../grading/open-algebra.ts'
import { analyseColumns } from '../run/analyse-columns.ts'
import { Journal } from '../run/journal.ts'
import { type RunDescription, readRunDescription } from '../run/run-description.ts'
import { summariseRun, warningLines } from '../run/summarise-run.ts'
import { type Results, writeResults } from '../run/write-results.ts'

interface AnalyseFlags {
  fromColumns: boolean
  labels?: string
  json: boolean
  quiet: boolean
}

/** `entrace analyse`: grades, analyses and draws a run again from its journal; runs no model. */
export function analyseCommand(): Command {
  return new Command('analyse')
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
      report(
        flags.fromColumns
          ? await analyseColumns(folder, run)
          : await analyseJournal(folder, run, journalPath, flags),
        flags,
      )
    })
}

/** Prints an analysis as the flags ask for. */
export function report({ analysis, files }: Results, flags: { json: boolean; quiet: boolean }): void {
  if (flags.json) console.log(JSON.stringify(analysis, null, 2))
  else if (!flags.quiet) console.log(summariseRun(analysis, files))
  if (!flags.quiet) for (const line of warningLines(analysis)) console.error(line)
}

async function analyseJournal(
  folder: string,
  run: RunDescription,
  journalPath: string,
  flags: AnalyseFlags,
): Promise<Results> {
  const labels = flags.labels === undefined ? undefined : await readLabels(flags.labels)
  const journal = new Journal(journalPath, 'read')
  try {
    const graded = await gradeAll(() => journal.records(run.limit))
    const right = labels?.countRight(graded()) ?? 0
    if (right > 0 && !flags.quiet)
      console.error(`warning: ${right} of ${labels?.count} labels are of right answers, and have no effect`)
    return writeResults(folder, run, graded(), labels)
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
    return await readErrorLabels(source)
  } finally {
    await source.close()
  }
}

/**
 * Samples with the verdicts of this version. Reads them twice: to grade them, which may wait for the algebra, and to hand them on.
 */
export async function gradeAll(samples: () => Iterable<SampleRecord>): Promise<() => Iterable<SampleRecord>> {
  const algebra = openAlgebra()
  try {
    const verdicts: (Verdict | null)[] = []
    for (const { finishReason, generatedText, expectedAnswer, metadata } of samples()) {
      const expectedOption = metadata['expectedOption']
      const expected = { expectedAnswer, ...(typeof expectedOption === 'string' && { expectedOption }) }
      const verdict =
        finishReason === 'error'
          ? null
          : gradeWithOption(expected, answer => gradeAnswer(generatedText, answer, algebra))
      verdicts.push(verdict instanceof Promise ? await verdict : verdict)
    }
    return () => withVerdicts(samples(), verdicts)
  } finally {
    await algebra.close()
  }
}

function* withVerdicts(
  samples: Iterable<SampleRecord>,
  verdicts: (Verdict | null)[],
): Generator<SampleRecord> {
  let place = 0
  for (const sample of samples) {
    const verdict = verdicts[place++]
    if (!verdict) yield sample
    else yield { ...sample, extractedAnswer: verdict.extracted, correct: verdict.equal, rule: verdict.rule }
  }
}
