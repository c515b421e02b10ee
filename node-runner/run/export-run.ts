import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ExportRun } from '../../core/exports/export-run.ts'
import { inspectEntries, inspectFileName, inspectJson } from '../../core/exports/inspect.ts'
import { LmEvalExport, lmEvalFileNames } from '../../core/exports/lm-eval.ts'
import { exportOpenai } from '../../core/exports/openai.ts'
import { furtherDecoding } from '../../core/generate/decoding.ts'
import { InputError } from '../../core/input-error.ts'
import type { CalibratedSample } from '../../core/record/sample.ts'
import { coverageOf } from '../../core/study/coverage.ts'
import { makeFolder } from '../files/folders.ts'
import { refuseOutput, writeFileAtomic } from '../files/write-file-atomic.ts'
import { zipPieces } from '../files/zip-pieces.ts'
import { versions } from '../versions.ts'
import { type Journal, journalTimes } from './journal.ts'
import { askedSamples, type RunDescription } from './run-description.ts'

/** Whose format a run is exported in, and what is written, for the help. */
export const exportFormats = {
  openai: 'chat completions with logprobs, a line each',
  'lm-eval': "lm-evaluation-harness's samples and results, in a folder of the model's name",
  inspect: "inspect_ai's log .eval; in JSON where --out is named otherwise",
} as const
export type ExportFormat = keyof typeof exportFormats

/** What an export says of a run, from its description and its journal. */
export function describeExport(folder: string, run: RunDescription, journal: Journal): ExportRun {
  const { maxNewTokens, stopTexts = [], temperature, seed, samples, topLogprobs } = run.decoding
  return {
    modelName: run.model.name,
    modelRevision: run.model.revision,
    dataSetName: run.dataSet.name,
    problems: run.dataSet.problems,
    limit: run.limit,
    promptStyle: run.prompt.style,
    systemPrompt: run.prompt.systemPrompt,
    systemInUserMessage: run.prompt.systemInUserMessage ?? false,
    fewShot: run.prompt.fewShot,
    maxNewTokens,
    stopTexts,
    temperature,
    furtherDecoding: furtherDecoding(run.decoding),
    seed,
    samples,
    topLogprobs,
    grading: run.grading,
    coverage: coverageOf(askedSamples(run), journal.names()),
    shard: run.shard ?? null,
    hash: run.hash,
    ...journalTimes(join(folder, 'samples.jsonl')),
    version: versions().entrace,
  }
}

/**
 * Writes a run's samples, read as often as need be, in a format: in the run's folder, or where `out` says. Returns the files, of several the
 * one with the samples first. Throws InputError where `out` names what cannot be written.
 */
export function writeExport(
  format: ExportFormat,
  { folder, run, out }: { folder: string; run: ExportRun; out: string | undefined },
  samples: () => Iterable<CalibratedSample>,
): string[] {
  switch (format) {
    case 'openai': {
      const path = fileToWrite(out, join(folder, 'openai.jsonl'))
      const lines = piecesOf(samples(), sample => exportOpenai(run, sample) ?? '')
      writeFileAtomic(path, lines)
      return [path]
    }
    case 'lm-eval':
      return writeLmEval(folder, run, out, samples)
    case 'inspect': {
      const path = fileToWrite(out, join(folder, inspectFileName(run)))
      const isArchive = path.endsWith('.eval')
      writeFileAtomic(path, isArchive ? zipPieces(inspectEntries(run, samples)) : inspectJson(run, samples))
      return [path]
    }
    default:
      return format satisfies never
  }
}

/** As version 0.1.0 did, `out` may name the file of the samples; the results are then not written. */
function writeLmEval(
  folder: string,
  run: ExportRun,
  out: string | undefined,
  samples: () => Iterable<CalibratedSample>,
): string[] {
  const written = new LmEvalExport(run, () => {
    const hash = createHash('sha256')
    return { update: text => hash.update(text), digest: () => hash.digest('hex') }
  })
  const lines = () => piecesOf(samples(), sample => written.line(sample))
  const names = lmEvalFileNames(run)
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile()
  if (out !== undefined && (out.endsWith('.jsonl') || isFile(out))) {
    const path = fileToWrite(out, names.samples)
    writeFileAtomic(path, lines())
    return [path]
  }
  if (out !== undefined) makeFolder(out)
  const place = makeFolders(out ?? folder, out === undefined ? ['lm-eval', names.folder] : [names.folder])
  const [samplesPath, resultsPath] = [join(place, names.samples), join(place, names.results)]
  writeFileAtomic(samplesPath, lines())
  writeFileAtomic(resultsPath, [written.results()])
  return [samplesPath, resultsPath]
}

function* piecesOf(samples: Iterable<CalibratedSample>, piece: (sample: CalibratedSample) => string) {
  for (const sample of samples) yield piece(sample)
}

/** The file that was asked for, or the one that is written where none was. Throws InputError where it cannot be a file. */
function fileToWrite(out: string | undefined, path: string): string {
  if (out === undefined) return path
  if (/[/\\]$/.test(out) || statSync(out, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(
      `${out}: is a folder, expected the file to write; name one in it, as --out ${join(out, basename(path))}`,
    )
  const folder = dirname(out)
  if (!existsSync(folder))
    throw new InputError(`${out}: there is no folder ${folder}; make it, or name another file with --out`)
  refuseOutput(out)
  return out
}

/** Makes folders, one within the other. Throws InputError for a link among them: a run from elsewhere may lead anywhere. */
function makeFolders(base: string, names: readonly string[]): string {
  let path = base
  for (const name of names) {
    path = join(path, name)
    const entry = lstatSync(path, { throwIfNoEntry: false })
    if (!entry) mkdirSync(path)
    else if (!entry.isDirectory())
      throw new InputError(
        `${path}: expected a folder, found a link or a file; remove it, or name another place with --out`,
      )
  }
  return path
}
