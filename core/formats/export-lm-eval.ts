import { partWarning } from '../analyse/coverage.ts'
import { hangsOnTolerance } from '../grade/grading-rules.ts'
import type { ExportRun } from './export-run.ts'
import type { SampleRecord } from './sample-record.ts'

/** What stands for an answer that could not be extracted, as in lm-evaluation-harness's own filters. */
const invalidAnswer = '[invalid]'

/**
 * A sample as a line of lm-evaluation-harness's `samples_<task>_<date>.jsonl`, as its evaluation_tracker.py (0.4.9) writes
 * a `generate_until` task: arguments named gen_args_N, `exact_match` the verdict without a tolerance, beside which
 * `tolerance_match` is the one with it where the run has one; entropy and log-probability are further metrics. Several answers to a problem are several filters of one document. Where samples of the
 * run are missing, `part` says so in each line. `sha256` gives hexadecimal digits.
 */
export function exportLmEval(run: ExportRun, sample: SampleRecord, sha256: (text: string) => string): string {
  const { problem, prompt, expectedAnswer, metadata, sampleIndex } = sample
  const part = partWarning(run.coverage)
  const doc = { ...metadata, id: sample.problemId, problem, answer: expectedAnswer }
  const metrics = {
    exact_match: sample.correct && !hangsOnTolerance(sample.rule) ? 1 : 0,
    ...(run.grading.tolerance > 0 && { tolerance_match: sample.correct ? 1 : 0 }),
    mean_entropy_nats: sample.meanEntropyNats,
    sum_logprob: sample.sumLogprob,
  }
  const generation = {
    until: [],
    max_gen_toks: run.maxNewTokens,
    do_sample: run.temperature > 0,
    temperature: run.temperature,
    ...run.furtherDecoding,
  }
  const line = {
    doc_id: sample.problemIndex,
    doc,
    target: expectedAnswer,
    arguments: { gen_args_0: { arg_0: prompt, arg_1: generation } },
    resps: [[sample.generatedText]],
    filtered_resps: [sample.extractedAnswer ?? invalidAnswer],
    filter: run.samples > 1 ? `sample-${sampleIndex}` : 'none',
    metrics: Object.keys(metrics),
    doc_hash: sha256(JSON.stringify(doc, null, 2)),
    prompt_hash: sha256(prompt),
    target_hash: sha256(expectedAnswer),
    ...metrics,
    ...(part !== null && { part }),
  }
  return `${JSON.stringify(line)}\n`
}

/** The name that lm-evaluation-harness gives such a file. */
export function lmEvalFileName(run: ExportRun): string {
  const date = new Date(run.finishedMs).toISOString().replace('Z', '').replaceAll(':', '-')
  return `samples_${taskName(run.dataSetName)}_${date}.jsonl`
}

/** A data set's name as that of a task: without its ending, of characters and of a length that any file system takes. */
export function taskName(dataSetName: string): string {
  return dataSetName
    .replace(/\.(jsonl?|csv|parquet)$/i, '')
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(0, 100)
}
