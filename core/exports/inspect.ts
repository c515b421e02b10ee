import { askedMessages } from '../evaluate/prompt.ts'
import type { CalibratedSample } from '../record/sample.ts'
import { isPart, partWarning } from '../study/coverage.ts'
import {
  type ExportRun,
  MeanTotals,
  promptLogprobs,
  readableMetadata,
  tokenLogprobs,
  wellFormedJson,
} from './export-run.ts'
import { taskName } from './lm-eval.ts'

// EvalLog of log/_log.py, events/_model.py, and the layout of `.eval` of log/_recorders/eval.py, inspect_ai 0.3.285.

/** Name of the scorer: its score is "C" or "I", which inspect_ai's accuracy reads. */
const scorer = 'entrace'

/** A file within an `.eval`, which is a ZIP archive. */
export interface LogEntry {
  name: string
  pieces: Iterable<string>
}

/** The name that inspect_ai gives a log: its listing reads time, task and id there. */
export function inspectFileName(run: ExportRun): string {
  const parts = [createdAt(run).replace(/\.\d+Z$/, '+00:00'), taskName(run.dataSetName), taskId(run)]
  return `${parts.map(part => part.replaceAll(/[_/:+]/g, '-')).join('_')}.eval`
}

/**
 * A run as inspect_ai's log `.eval`: the files of the archive. A part of a run has the status "cancelled", and in its metadata
 * what is missing. A sample that failed is an error that is scored as incorrect, as in Entrace's own accuracy. `samples` are read twice.
 */
export function* inspectEntries(
  run: ExportRun,
  samples: () => Iterable<CalibratedSample>,
): Generator<LogEntry> {
  const totals = new LogTotals()
  for (const sample of samples()) {
    totals.add(sample)
    const { id, epoch } = sampleName(sample)
    yield { name: `samples/${id}_epoch_${epoch}.json`, pieces: [wellFormedJson(inspectSample(run, sample))] }
  }
  yield {
    name: 'summaries.json',
    pieces: listOf(samples(), sample => summaryOf(inspectSample(run, { ...sample, tokens: [] }))),
  }
  yield { name: 'reductions.json', pieces: [wellFormedJson(totals.reductions())] }
  const header = headerOf(run, totals)
  const { version, eval: spec, plan } = header
  yield { name: '_journal/start.json', pieces: [wellFormedJson({ version, eval: spec, plan })] }
  yield { name: 'header.json', pieces: [wellFormedJson(header)] }
}

/**
 * The same as inspect_ai's log in JSON, piece by piece. inspect_ai reads a header alone up to `stats`, so what is told of all samples comes
 * before them: `samples` are read twice.
 */
export function* inspectJson(run: ExportRun, samples: () => Iterable<CalibratedSample>): Generator<string> {
  const totals = new LogTotals()
  for (const sample of samples()) totals.add(sample)
  yield `${wellFormedJson(headerOf(run, totals)).slice(0, -1)},"samples":`
  yield* listOf(samples(), sample => inspectSample(run, sample))
  yield `,"reductions":${wellFormedJson(totals.reductions())}}\n`
}

function* listOf(
  samples: Iterable<CalibratedSample>,
  item: (sample: CalibratedSample) => unknown,
): Generator<string> {
  let separator = '[\n'
  for (const sample of samples) {
    yield separator + wellFormedJson(item(sample))
    separator = ',\n'
  }
  yield separator === '[\n' ? '[]' : '\n]'
}

class LogTotals {
  samples = 0
  errors = 0
  promptTokens = 0
  generatedTokens = 0
  longestMs = 0
  /** Of each problem, the number of its answers and of those that are correct. */
  readonly #problems = new Map<string, { answers: number; correct: number }>()

  add(sample: CalibratedSample): void {
    this.samples++
    if (sample.finishReason === 'error') this.errors++
    this.promptTokens += sample.promptTokens
    this.generatedTokens += sample.generatedTokens
    this.longestMs = Math.max(this.longestMs, sample.durationMs)
    const { id } = sampleName(sample)
    const { answers, correct } = this.#problems.get(id) ?? { answers: 0, correct: 0 }
    this.#problems.set(id, { answers: answers + 1, correct: correct + (sample.correct ? 1 : 0) })
  }

  /** Share of each problem's answers that are correct: inspect_ai's reducer "mean". */
  reductions() {
    const shareOf = ([id, of]: [string, { answers: number; correct: number }]) => ({
      value: of.correct / of.answers,
      sample_id: id,
    })
    return [{ scorer, reducer, samples: Array.from(this.#problems, shareOf) }]
  }

  /** inspect_ai's `accuracy` and `stderr`: over problems, as answers to one are not independent. */
  score() {
    const shares = new MeanTotals()
    for (const { answers, correct } of this.#problems.values()) shares.add(correct / answers)
    const estimate = shares.estimate()
    const metric = (name: string, value: number) => ({ [name]: { name, value, params: {} } })
    return {
      scored_samples: this.#problems.size,
      unscored_samples: 0,
      metrics: estimate
        ? { ...metric('accuracy', estimate.mean), ...metric('stderr', estimate.stderr ?? 0) }
        : {},
    }
  }
}

const reducer = 'mean'

function headerOf(run: ExportRun, totals: LogTotals) {
  const part = partWarning(run.coverage)
  const config = generateConfig(run)
  const params = { ...run.grading }
  const metrics = [{ name: 'accuracy' }, { name: 'stderr' }]
  return {
    version: 2,
    // A log of samples that are not all would be read as one that is done.
    status: part === null ? 'success' : 'cancelled',
    eval: {
      eval_id: run.hash.slice(0, 22) + (run.shard === null ? '' : `-${run.shard.replace('/', '-of-')}`),
      run_id: run.hash.slice(22, 44),
      created: createdAt(run),
      task: taskName(run.dataSetName),
      task_id: taskId(run),
      task_version: 0,
      task_attribs: {},
      task_args: {},
      task_args_passed: {},
      dataset: { name: run.dataSetName, samples: run.problems, shuffled: false },
      model: modelOf(run),
      model_generate_config: config,
      // inspect_ai hands them to the provider, which takes none.
      model_args: {},
      config: {
        limit: run.limit,
        epochs: run.samples,
        epochs_reducer: [reducer],
        fail_on_error: false,
        score_on_error: true,
      },
      ...(part !== null && { metadata: { part, samples: run.coverage.samples, of: run.coverage.of } }),
      packages: { entrace: run.version },
      scorers: [{ name: scorer, options: params, metrics }],
    },
    plan: { name: 'plan', steps: [{ solver: 'generate', params: {}, params_passed: {} }], config },
    results: {
      total_samples: isPart(run.coverage) ? run.coverage.of : totals.samples,
      completed_samples: totals.samples - totals.errors,
      scores: [{ name: scorer, scorer, reducer, params, ...totals.score() }],
    },
    stats: {
      started_at: isoTime(Math.min(run.begunMs, run.finishedMs - totals.longestMs)),
      completed_at: isoTime(run.finishedMs),
      model_usage: { [modelOf(run)]: usageOf(totals) },
    },
  }
}

/** What inspect_ai knows of decoding by names of its own, and the rest as a request to vLLM has it. */
function generateConfig(run: ExportRun) {
  const { top_k, top_p, ...others } = run.furtherDecoding
  return {
    max_tokens: run.maxNewTokens,
    temperature: run.temperature,
    top_k,
    top_p,
    ...(run.stopTexts.length > 0 && { stop_seqs: run.stopTexts }),
    seed: run.seed,
    logprobs: true,
    top_logprobs: run.topLogprobs,
    ...(run.systemPrompt !== null && { system_message: run.systemPrompt }),
    ...(Object.keys(others).length > 0 && { extra_body: others }),
  }
}

/** Of the providers that inspect_ai knows, the one that has no model: a log of a provider that it does not know is not scored again. */
function modelOf(run: ExportRun): string {
  return `none/${run.modelName}`
}

function taskId(run: ExportRun): string {
  return run.hash.slice(-22)
}

function createdAt(run: ExportRun): string {
  return isoTime(run.begunMs)
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** An answer is an epoch of its problem. */
function sampleName({ problemId, problemIndex, sampleIndex }: CalibratedSample) {
  // Ids that differ in what no reader takes stay apart, and apart from those that have what stands for it.
  const readable = problemId.toWellFormed()
  const id = readable.includes('\ufffd') ? `${readable}-${problemIndex}` : problemId
  return { id, epoch: sampleIndex + 1 }
}

/** An EvalSample with the one ModelEvent of its answer. */
function inspectSample(run: ExportRun, sample: CalibratedSample) {
  const isError = sample.finishReason === 'error'
  const uuid = `${run.hash.slice(0, 16)}-${sample.problemIndex}-${sample.sampleIndex}`
  const { promptStyle: style, systemPrompt, systemInUserMessage } = run
  const prompting = { style, systemPrompt: systemPrompt ?? undefined, systemInUserMessage }
  const asked = askedMessages(sample, prompting, run.fewShot)
  const input = asked.map((message, index) => ({
    id: `${uuid}-${index}`,
    ...message,
    ...(index === asked.length - 1 && { source: 'input' }),
  }))
  const message = {
    id: `${uuid}-answer`,
    role: 'assistant',
    content: sample.generatedText,
    source: 'generate',
    model: run.modelName,
  }
  const stopReason = sample.finishReason === 'stop' ? 'stop' : 'max_tokens'
  const seconds = sample.durationMs / 1000
  const usage = usageOf(sample)
  const error = isError ? (sample.error ?? 'unknown') : null
  const output = {
    model: run.modelName,
    choices: isError ? [] : [{ message, stop_reason: stopReason }],
    completion: sample.generatedText,
    usage,
    time: seconds,
    error,
  }
  const ofPrompt = promptLogprobs(sample)
  const logprobs = {
    logprobs: { content: tokenLogprobs(sample) },
    ...(ofPrompt && { prompt_logprobs: { content: ofPrompt } }),
  }
  return {
    ...sampleName(sample),
    input: sample.problem,
    target: sample.expectedAnswer,
    messages: [...input, ...(isError ? [] : [message])],
    output: { ...output, choices: output.choices.map(choice => ({ ...choice, ...logprobs })) },
    scores: { [scorer]: scoreOf(sample) },
    metadata: readableMetadata(sample),
    store: {},
    events: [
      {
        uuid: `${uuid}-event`,
        // When each answer was begun is not recorded, only how long it took: all are said to begin with the run.
        timestamp: createdAt(run),
        completed: isoTime(run.begunMs + sample.durationMs),
        working_start: 0,
        working_time: seconds,
        event: 'model',
        model: modelOf(run),
        input,
        tools: [],
        tool_choice: 'none',
        config: generateConfig(run),
        // Without the log-probabilities, which the sample has.
        output,
        error,
        call: null,
      },
    ],
    model_usage: { [modelOf(run)]: usage },
    total_time: seconds,
    working_time: seconds,
    uuid,
    error: error === null ? null : { message: error, traceback: error, traceback_ansi: error },
    attachments: {},
  }
}

/** A Score. A number that the sample lacks is left out. */
function scoreOf(sample: CalibratedSample) {
  const numbers = {
    mean_entropy_nats: sample.meanEntropyNats,
    max_entropy_nats: sample.maxEntropyNats,
    sum_logprob: sample.sumLogprob,
    probability_correct: sample.probabilityCorrect,
  }
  return {
    value: sample.correct ? 'C' : 'I',
    answer: sample.extractedAnswer,
    explanation: sample.rule,
    metadata: {
      rule: sample.rule,
      ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== null)),
    },
  }
}

/** An EvalSampleSummary, its texts as short as inspect_ai has them. */
function summaryOf(sample: ReturnType<typeof inspectSample>) {
  const { id, epoch, input, target, scores, metadata, model_usage, total_time, working_time, uuid } = sample
  const { answer, ...score } = scores[scorer]!
  const thinText = (text: string) => thin(text, 5120, '...\n(content truncated)')
  const short = (value: unknown) => (typeof value === 'string' ? thin(value, 1021, '...') : value)
  return {
    ...{ id, epoch, input: thinText(input), target: thinText(target) },
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, short(value)])),
    scores: { [scorer]: { ...score, answer: short(answer) } },
    ...{ model_usage, total_time, working_time, uuid },
    ...(sample.error !== null && { error: sample.error.message }),
    completed: true,
    message_count: sample.messages.length,
  }
}

function thin(text: string, most: number, rest: string): string {
  return text.length > most ? text.slice(0, most) + rest : text
}

function usageOf({ promptTokens, generatedTokens }: { promptTokens: number; generatedTokens: number }) {
  return {
    input_tokens: promptTokens,
    output_tokens: generatedTokens,
    total_tokens: promptTokens + generatedTokens,
  }
}
