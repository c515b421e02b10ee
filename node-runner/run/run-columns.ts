import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gradeWithOption } from '../../core/evaluate/answer-options.ts'
import { createFigureCollector } from '../../core/figures/figure-data.ts'
import { parseJsonBytes } from '../../core/files/read-json.ts'
import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import { type GradingRules, gradingDifferences } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { allColumnsOf } from '../../core/study/all-columns.ts'
import { type RunFindings, readRunFindings } from '../../core/study/findings.ts'
import { readEntropiesApart, readSummaryApart } from '../files/read-parquet.ts'
import { Journal } from './journal.ts'
import { journalBytesOf } from './journal-files.ts'
import { columnFileFault, type RunFiles, readRunFiles, readUndamagedManifest } from './read-run-files.ts'
import type { RunDescription } from './run-description.ts'
import { ResultsOutdated, stageResults } from './staged-results.ts'
import { type Results, resultFiles, writeAnalysis } from './write-results.ts'

/**
 * Analyses and draws a run from summary.parquet and traces.parquet alone, without its journal: verdicts and scores are
 * those of the last `writeResults`, and so is the report, which takes reading texts. Throws InputError where a file is missing, or older than the journal.
 */
export function analyseColumns(folder: string, run: RunDescription): Promise<Results> {
  return readRunFiles(folder, async files => {
    const { manifest } = files
    for (const name of ['summary.parquet', 'traces.parquet']) {
      const fault = columnFileFault(folder, name, manifest)
      if (fault !== null)
        throw new InputError(
          `${join(folder, name)}: ${fault}, expected the columns of all finished samples; write them with entrace analyse without --from-columns`,
        )
    }
    // Before what takes long.
    const findings = readFindings(folder, files)
    const { grading, columns, traces } = await readRunSummary(files, folder, run, true)
    const changes = gradingDifferences(grading, run.grading)
    if (changes.length > 0)
      throw new InputError(
        `${join(folder, 'summary.parquet')}: was graded by other rules than run.json says (${changes.join(', ')}); write it again with entrace analyse without --from-columns`,
      )
    const means = columns.scores['MeanTokenEntropy']
    const figure = createFigureCollector()
    let row = 0
    for await (const entropies of readEntropiesApart(files.request('traces.parquet'), traces!)) {
      figure.add({
        correct: columns.correct[row] === 1,
        finishReason: columns.finishReason[row] ?? 'error',
        meanEntropyNats: means?.[row] ?? null,
        tokens: Array.from(entropies, entropyNats => ({ entropyNats })),
      })
      row++
    }
    const staged = stageResults(folder)
    try {
      const { analysis } = writeAnalysis(staged, run, columns, figure.data, findings)
      const left = staged.commit({
        samples: columns.count,
        journalBytes: manifest?.journalBytes ?? journalBytesOf(folder),
        kept: manifest?.files ?? {},
        check() {
          if (readUndamagedManifest(folder)?.sha256 !== manifest?.sha256) throw new ResultsOutdated(folder)
        },
      })
      return { analysis, files: resultFiles(folder), left }
    } finally {
      staged.discard()
    }
  })
}

/** Reads summary.parquet apart, the number of its rows held against the manifest, run.json and the journal. */
function readRunSummary(files: RunFiles, folder: string, run: RunDescription, withTraces: boolean) {
  const { dataSet, decoding } = run
  const journalBytes = journalBytesOf(folder)
  const atMost: [number, string][] = [
    [dataSet.problems * (decoding.samples ?? 1), 'run.json has problems and samples for'],
  ]
  if (journalBytes > 0) atMost.push([Math.floor(journalBytes / leastLineBytes), 'samples.jsonl has room for'])
  const file = files.request('summary.parquet')
  const exactly = file.digest && files.manifest ? files.manifest.samples : null
  return readSummaryApart(file, { exactly, atMost }, withTraces)
}

/** A line of the journal is longer than the names of its fields. */
const leastLineBytes = 200

/** What an analysis that is no older than the journal found in texts; null without one. */
function readFindings(folder: string, files: RunFiles): RunFindings | null {
  if (columnFileFault(folder, 'analysis.json', files.manifest) !== null) return null
  const bytes = files.readWhole('analysis.json')
  if (!bytes) return null
  const where = join(folder, 'analysis.json')
  return readRunFindings(where, parseJsonBytes(Uint8Array.from(bytes).buffer, where))
}

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

/**
 * Samples with the verdicts of this version by some rules, whatever verdicts they were recorded with. What is handed on may be read
 * several times, and is graded once.
 */
export function gradeAll(
  samples: () => Iterable<SampleRecord>,
  rules: GradingRules,
): () => Iterable<SampleRecord> {
  const verdicts: Verdict[] = []
  return function* () {
    let place = 0
    for (const sample of samples()) {
      const { finishReason, generatedText, expectedAnswer, metadata } = sample
      if (finishReason === 'error') yield sample
      else {
        const { expectedOption } = metadata
        const expected = { expectedAnswer, ...(typeof expectedOption === 'string' && { expectedOption }) }
        verdicts[place] ??= gradeWithOption(expected, answer => gradeAnswer(generatedText, answer, rules))
        const { extracted, equal, rule } = verdicts[place]!
        yield { ...sample, extractedAnswer: extracted, correct: equal, rule }
      }
      place++
    }
  }
}
