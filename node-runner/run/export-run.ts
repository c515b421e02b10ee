import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { coverageOf } from '../../core/analyse/coverage.ts'
import { exportInspect } from '../../core/formats/export-inspect.ts'
import { exportLmEval, lmEvalFileName } from '../../core/formats/export-lm-eval.ts'
import { exportOpenai } from '../../core/formats/export-openai.ts'
import type { ExportRun, FurtherDecoding } from '../../core/formats/export-run.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { versions } from '../versions.ts'
import { type Journal, journalModifiedMs } from './journal.ts'
import { askedSamples, type RunDescription } from './run-description.ts'

export const exportFormats = ['openai', 'lm-eval', 'inspect'] as const
/** Whose format a run is exported in. */
export type ExportFormat = (typeof exportFormats)[number]

/** What an export says of a run, from its description and its journal. */
export function describeExport(folder: string, run: RunDescription, journal: Journal): ExportRun {
  const { maxNewTokens, temperature, seed, samples, topLogprobs } = run.decoding
  return {
    modelName: run.model.name,
    dataSetName: run.dataSet.name,
    problems: run.dataSet.problems,
    limit: run.limit,
    systemPrompt: run.prompt.systemPrompt,
    maxNewTokens,
    temperature,
    furtherDecoding: furtherDecodingOf(run.decoding),
    seed,
    samples,
    topLogprobs,
    grading: run.grading,
    coverage: coverageOf(askedSamples(run), journal.names()),
    hash: run.hash,
    finishedMs: journalModifiedMs(join(folder, 'samples.jsonl')) ?? 0,
    version: versions().entrace,
  }
}

function furtherDecodingOf(decoding: RunDescription['decoding']): FurtherDecoding {
  const { topK, topP, minP, repetitionPenalty = 1, numBeams = 1, lengthPenalty } = decoding
  const isSet = (value: number | null | undefined) => value !== null && value !== undefined
  return {
    ...(isSet(topK) && { top_k: topK! }),
    ...(isSet(topP) && { top_p: topP! }),
    ...(isSet(minP) && { min_p: minP! }),
    ...(repetitionPenalty !== 1 && { repetition_penalty: repetitionPenalty }),
    ...(numBeams > 1 && { num_beams: numBeams, length_penalty: lengthPenalty ?? 1 }),
  }
}

/** Name of the file of a format where none is given. */
export function exportFileName(format: ExportFormat, run: ExportRun): string {
  switch (format) {
    case 'openai':
      return 'openai.jsonl'
    case 'lm-eval':
      return lmEvalFileName(run)
    case 'inspect':
      return 'inspect.json'
    default:
      return format satisfies never
  }
}

/** A run in a format, piece by piece. */
export function* exportPieces(
  format: ExportFormat,
  run: ExportRun,
  samples: () => Iterable<SampleRecord>,
): Generator<string> {
  switch (format) {
    case 'openai':
      for (const sample of samples()) yield exportOpenai(run, sample) ?? ''
      return
    case 'lm-eval':
      for (const sample of samples())
        yield exportLmEval(run, sample, text => createHash('sha256').update(text).digest('hex'))
      return
    case 'inspect':
      yield* exportInspect(run, samples)
      return
    default:
      format satisfies never
  }
}
