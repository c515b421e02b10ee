import { hangsOnTolerance } from '../grade/grading-rules.ts'
import type { CalibratedSample } from '../record/sample.ts'
import { partWarning } from '../study/coverage.ts'
import { type ExportRun, jsonLine, MeanTotals, readableMetadata, wellFormedJson } from './export-run.ts'

// A `generate_until` task as evaluator.py and loggers/evaluation_tracker.py of lm-evaluation-harness 0.4.13 write it.

/** What stands for an answer that could not be extracted, as in lm-evaluation-harness's own filters. */
const invalidAnswer = '[invalid]'

/** A digest of text that comes in pieces. */
export interface TextHash {
  update(text: string): unknown
  /** Hexadecimal digits. */
  digest(): string
}

/** The export of one run, from its samples in order. `createHash` begins a SHA-256. */
export class LmEvalExport {
  readonly #run: ExportRun
  readonly #createHash: () => TextHash
  /** Over the digests of all lines. */
  readonly #taskHash: TextHash
  readonly #documents = new Set<number>()
  /** By metric and filter, as the results name them. */
  readonly #metrics = new Map<string, { metric: string; filter: string; totals: MeanTotals }>()
  #longestMs = 0

  constructor(run: ExportRun, createHash: () => TextHash) {
    this.#run = run
    this.#createHash = createHash
    this.#taskHash = createHash()
  }

  /**
   * A sample as a line of `samples_<task>_<date>.jsonl`: arguments named gen_args_N, `exact_match` the verdict without a tolerance,
   * beside which `tolerance_match` is the one with it where the run has one; entropy and log-probability are further metrics, of
   * samples that have them. A sample that failed matches nothing. Several answers to a problem are several filters of one
   * document. Where samples of the run are missing, `part` says so in each line.
   */
  line(sample: CalibratedSample): string {
    const run = this.#run
    const { problem, prompt, expectedAnswer, sampleIndex } = sample
    const part = partWarning(run.coverage)
    const doc = { ...readableMetadata(sample), id: sample.problemId, problem, answer: expectedAnswer }
    const filter = filterName(run, sampleIndex)
    const metrics = metricsOf(run, sample)
    const digests = {
      doc_hash: this.#sha256(wellFormedJson(doc, 2)),
      prompt_hash: this.#sha256(prompt),
      target_hash: this.#sha256(expectedAnswer),
    }
    this.#taskHash.update(Object.values(digests).join(''))
    this.#documents.add(sample.problemIndex)
    this.#longestMs = Math.max(this.#longestMs, sample.durationMs)
    for (const [metric, value] of Object.entries(metrics)) {
      const key = `${metric},${filter}`
      const entry = this.#metrics.get(key) ?? { metric, filter, totals: new MeanTotals() }
      entry.totals.add(value)
      this.#metrics.set(key, entry)
    }
    const line = {
      doc_id: sample.problemIndex,
      doc,
      target: expectedAnswer,
      arguments: { gen_args_0: { arg_0: prompt, arg_1: generationOf(run) } },
      resps: [[sample.generatedText]],
      filtered_resps: [sample.extractedAnswer ?? invalidAnswer],
      filter,
      metrics: Object.keys(metrics),
      ...digests,
      ...metrics,
      ...(part !== null && { part }),
    }
    return jsonLine(line)
  }

  /**
   * `results_<date>.json` of the samples that were given to `line`: means and standard errors by metric and filter, and what was run.
   * A standard error of fewer than two values is "N/A".
   */
  results(): string {
    const run = this.#run
    const task = taskName(run.dataSetName)
    const part = partWarning(run.coverage)
    const means = Array.from(this.#metrics.values()).flatMap(({ metric, filter, totals }) => {
      const { mean, stderr = 'N/A' } = totals.estimate()!
      return [
        [`${metric},${filter}`, mean],
        [`${metric}_stderr,${filter}`, stderr],
      ] as const
    })
    const metrics = new Set(Array.from(this.#metrics.values(), ({ metric }) => metric))
    const filters = Array.from({ length: run.samples }, (_, index) => filterName(run, index))
    const seconds = Math.max(run.finishedMs - run.begunMs, this.#longestMs) / 1000
    const byTask = <Value>(value: Value) => ({ [task]: value })
    const results = {
      results: byTask({
        name: task,
        alias: task,
        sample_len: this.#documents.size,
        ...Object.fromEntries(means),
      }),
      group_subtasks: {},
      configs: byTask({
        task,
        dataset_path: run.dataSetName,
        output_type: 'generate_until',
        num_fewshot: run.fewShot,
        repeats: run.samples,
        generation_kwargs: generationOf(run),
        metric_list: Array.from(metrics, metric => ({
          metric,
          aggregation: 'mean',
          higher_is_better: isHigherBetter(metric),
        })),
        filter_list: filters.map(name => ({ name, filter: [] })),
        metadata: { version: 0, grading: run.grading },
      }),
      versions: byTask(0),
      'n-shot': byTask(run.fewShot),
      higher_is_better: byTask(
        Object.fromEntries(Array.from(metrics, metric => [metric, isHigherBetter(metric)])),
      ),
      'n-samples': byTask({ original: run.problems, effective: this.#documents.size }),
      config: {
        model: modelSource,
        model_args: {
          pretrained: run.modelName,
          ...(run.modelRevision !== null && { revision: run.modelRevision }),
        },
        model_revision: run.modelRevision,
        limit: run.limit < run.problems ? run.limit : null,
        bootstrap_iters: 0,
        gen_kwargs: generationOf(run),
        random_seed: run.seed,
      },
      git_hash: null,
      date: run.begunMs / 1000,
      entrace_version: run.version,
      ...(part !== null && { part }),
      task_hashes: byTask(this.#taskHash.digest()),
      model_source: modelSource,
      model_name: run.modelName,
      model_name_sanitized: modelFolderName(run),
      system_instruction: run.systemPrompt,
      system_instruction_sha: run.systemPrompt === null ? null : this.#sha256(run.systemPrompt),
      fewshot_as_multiturn: true,
      chat_template: null,
      chat_template_sha: null,
      total_evaluation_time_seconds: String(seconds),
    }
    return `${wellFormedJson(results)}\n`
  }

  #sha256(text: string): string {
    const hash = this.#createHash()
    hash.update(text)
    return hash.digest()
  }
}

const modelSource = 'entrace'

/** Several answers are several filters, of which each has a mean of its own. */
function filterName(run: ExportRun, sampleIndex: number): string {
  return run.samples > 1 ? `sample-${sampleIndex}` : 'none'
}

/** A number that a sample lacks is no metric of its. */
function metricsOf({ grading }: ExportRun, sample: CalibratedSample): Record<string, number> {
  const { correct, rule, meanEntropyNats, sumLogprob, probabilityCorrect } = sample
  return {
    exact_match: correct && !hangsOnTolerance(rule) ? 1 : 0,
    ...(grading.tolerance > 0 && { tolerance_match: correct ? 1 : 0 }),
    ...(meanEntropyNats !== null && { mean_entropy_nats: meanEntropyNats }),
    ...(sumLogprob !== null && { sum_logprob: sumLogprob }),
    ...(probabilityCorrect !== null && { probability_correct: probabilityCorrect }),
  }
}

function isHigherBetter(metric: string): boolean {
  return metric !== 'mean_entropy_nats'
}

function generationOf(run: ExportRun) {
  return {
    until: run.stopTexts,
    max_gen_toks: run.maxNewTokens,
    do_sample: run.temperature > 0,
    temperature: run.temperature,
    ...run.furtherDecoding,
  }
}

/** The names that lm-evaluation-harness gives such files. */
export function lmEvalFileNames(run: ExportRun): { folder: string; samples: string; results: string } {
  const date = new Date(run.finishedMs).toISOString().replace('Z', '').replaceAll(':', '-')
  return {
    folder: modelFolderName(run),
    samples: `samples_${taskName(run.dataSetName)}_${date}.jsonl`,
    results: `results_${date}.json`,
  }
}

/** As its `sanitize_model_name` has it for the names of the Hub; of any other name it is a folder too, and never a way up. */
function modelFolderName({ modelName }: ExportRun): string {
  const name = modelName.replaceAll(/[^\w.-]+/g, '__').slice(0, 80)
  return /^\.*$/.test(name) ? `_${name}` : name
}

/** A data set's name as that of a task: without its ending, of characters and of a length that any file system takes. */
export function taskName(dataSetName: string): string {
  return dataSetName
    .replace(/\.(jsonl?|csv|parquet)$/i, '')
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(0, 80)
}
