import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFigureCollector } from '../../core/figures/figure-data.ts'
import { readJson } from '../../core/files/read-json.ts'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import { encodeIndexLine, journalIndexName } from '../../core/record/journal-index.ts'
import { encodeManifest, manifestName } from '../../core/record/manifest.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import { tokenColumns } from '../../core/record/token.ts'
import { createTraceWriter } from '../../core/record/traces.ts'
import { createExampleCollector } from '../../core/report/patterns-section.ts'
import { analyseRun } from '../../core/report/record-study.ts'
import { allColumnsOf } from '../../core/study/all-columns.ts'
import { coverageOf } from '../../core/study/coverage.ts'
import { readRunFindings } from '../../core/study/findings.ts'
import { createRunFindings } from '../../core/study/run-findings.ts'
import { encodeSummary } from '../../core/study/summary.ts'
import { Journal } from '../../node-runner/run/journal.ts'
import { columnFileFault, readRunFiles } from '../../node-runner/run/read-run-files.ts'
import { gradeAll } from '../../node-runner/run/run-columns.ts'
import {
  askedSamples,
  describeRun,
  listDifferences,
  readRunDescription,
  uncheckedFiles,
} from '../../node-runner/run/run-description.ts'
import { openInPage, pageFiles, readSummary, readTraces, writeDigestedRun } from './damage-run.ts'
import type { FuzzedFile } from './fuzz.ts'
import { traceSample } from './trace-sample.ts'

const journalName = 'samples.jsonl'
const descriptionName = 'run.json'
const analysisName = 'analysis.json'
/** What the page reads of a run that goes on. */
const followed = pageFiles.following.filter(name => name !== manifestName)
/** The same of one that is done, and has no digests. */
const unchecked = pageFiles.finished.filter(name => name !== manifestName)
/** Statistics take some hundred times what reading takes: they are made of one damaged journal in so many. */
const analysedShare = 50
/** The same of an index that is written again and brought to disk. */
const appendedShare = 10

/**
 * The text files of a run's folder, which anyone may send: each is put into a folder of its own below `folder` and read as the commands
 * and the page do, and what is read is used.
 */
export function fuzzedRunTexts(folder: string): FuzzedFile[] {
  const samples = [
    traceSample(0, 3, {
      topTexts: { '7': ' a', '8': '\n' },
      pTrue: 0.5,
      pTrueProbabilities: { true: 0.25, false: 0.25 },
    }),
    traceSample(1, 0, { finishReason: 'error', error: 'the prompt is too long' }),
    traceSample(2, 2, { finishReason: 'length', extractedAnswer: null, correct: false }),
  ]
  const whole = join(folder, 'whole')
  writeDigestedRun(whole, samples)
  const bytesOf = (name: string) => new Uint8Array(readFileSync(join(whole, name)))
  let runs = 0
  /** A folder that holds these files of the run. */
  const folderOf = (names: readonly string[]) => {
    const path = join(folder, `${runs++}`)
    mkdirSync(path)
    for (const name of names) writeFileSync(join(path, name), bytesOf(name))
    return path
  }
  return [
    journal(folderOf([descriptionName]), bytesOf(journalName), 'without an index'),
    journal(folderOf([descriptionName, journalIndexName]), bytesOf(journalName), 'with its index'),
    journalIndex(folderOf([descriptionName, journalName]), bytesOf(journalIndexName)),
    manifest(folderOf(pageFiles.finished), bytesOf(manifestName)),
    description(folderOf([]), bytesOf(descriptionName)),
    analysis(folderOf(unchecked), bytesOf(analysisName), allColumnsOf(samples, defaultGradingRules)),
  ]
}

function journal(folder: string, seed: Uint8Array, how: string): FuzzedFile {
  let cases = 0
  return {
    name: journalName,
    title: `${journalName} ${how}`,
    seeds: [seed],
    async read(_, bytes) {
      writeFileSync(join(folder, journalName), bytes)
      const found = readJournal(folder, 'read')
      useSamples(found, cases++ % analysedShare === 0)
      const page = await openInPage(
        folder,
        how === 'with its index' ? followed : [descriptionName, journalName],
      )
      for (const row of found.keys()) await page.readSample(row)
    },
  }
}

function journalIndex(folder: string, seed: Uint8Array): FuzzedFile {
  let cases = 0
  return {
    name: journalIndexName,
    seeds: [seed],
    seal: text =>
      text
        .split('\n')
        .map(line => (isObject(line) ? encodeIndexLine(JSON.parse(line)).trimEnd() : line))
        .join('\n'),
    async read(_, bytes) {
      writeFileSync(join(folder, journalIndexName), bytes)
      readJournal(folder, 'read')
      if (cases++ % appendedShare === 0) {
        readJournal(folder, 'append')
        writeFileSync(join(folder, journalIndexName), bytes)
      }
      await openInPage(folder, followed)
    },
  }
}

function manifest(folder: string, seed: Uint8Array): FuzzedFile {
  return {
    name: manifestName,
    seeds: [seed],
    seal: text => (isObject(text) ? encodeManifest(JSON.parse(text)) : text),
    async read(_, bytes) {
      writeFileSync(join(folder, manifestName), bytes)
      readRunDescription(join(folder, descriptionName))
      await readRunFiles(folder, async ({ manifest: found, readWhole }) => {
        for (const name of [descriptionName, 'analysis.json', 'no such file']) readWhole(name)
        columnFileFault(folder, 'summary.parquet', found)
        if (found?.files['summary.parquet'])
          await readSummary(readFileSync(join(folder, 'summary.parquet')), found)
        if (found?.files['traces.parquet'])
          await readTraces(readFileSync(join(folder, 'traces.parquet')), found)
      })
      await (await openInPage(folder, pageFiles.finished)).readSample(0)
    },
  }
}

function description(folder: string, seed: Uint8Array): FuzzedFile {
  const run = JSON.parse(new TextDecoder().decode(seed))
  const full = {
    ...run,
    unchecked: ['config.json'],
    mixed: ['versions.node'],
    problemIds: ['a', 'b', 'c'],
    shard: '1/2',
    merged: { samples: 1, of: 3 },
  }
  return {
    name: descriptionName,
    seeds: [seed, new TextEncoder().encode(JSON.stringify(full))],
    async read(_, bytes) {
      const path = join(folder, descriptionName)
      writeFileSync(path, bytes)
      const found = readRunDescription(path)!
      listDifferences(found, run)
      uncheckedFiles([found, run])
      coverageOf(askedSamples(found), [{ problemIndex: 0, sampleIndex: 0 }])
      describeRun(found, found.limit, found.shard)
      // The page opens one that it reads less of.
      await openInPage(folder, [descriptionName])
    },
  }
}

function analysis(folder: string, seed: Uint8Array, columns: RunColumns): FuzzedFile {
  let cases = 0
  return {
    name: analysisName,
    seeds: [seed],
    async read(source, bytes) {
      writeFileSync(join(folder, analysisName), bytes)
      const findings = readRunFindings(analysisName, await readJson(source))
      if (cases++ % analysedShare === 0) analyseRun(columns, { resamples: 50 }, findings)
      await openInPage(folder, unchecked)
    },
  }
}

function readJournal(folder: string, access: 'read' | 'append') {
  const opened = new Journal(join(folder, journalName), access)
  try {
    return [...opened.records()]
  } finally {
    opened.close()
  }
}

/** Makes of samples what `analyse` makes of them, but for the drawing. */
function useSamples(samples: ReturnType<typeof readJournal>, isAnalysed: boolean): void {
  const traces = createTraceWriter(() => {})
  const [figure, findings, examples] = [
    createFigureCollector(),
    createRunFindings(),
    createExampleCollector(),
  ]
  const graded = [...gradeAll(() => samples, defaultGradingRules)()]
  for (const sample of graded) {
    traces.add(sample)
    figure.add(sample)
    findings.add(sample, tokenColumns(sample.tokens))
    examples.add(sample)
  }
  const columns = allColumnsOf(graded, defaultGradingRules)
  encodeSummary(columns, traces.finish(), defaultGradingRules)
  const found = findings.finish()
  if (isAnalysed) analyseRun(columns, { grading: defaultGradingRules, resamples: 50 }, found)
}

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
