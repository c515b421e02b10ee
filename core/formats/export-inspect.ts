import { isPart, partWarning } from '../analyse/coverage.ts'
import { taskName } from './export-lm-eval.ts'
import { type ExportRun, tokenLogprobs } from './export-run.ts'
import type { SampleRecord } from './sample-record.ts'

/** Name of the scorer: its score is "C" or "I", which inspect_ai's accuracy reads. */
const scorer = 'entrace'

/**
 * A run as inspect_ai's JSON log, version 2 (EvalLog of log/_log.py, 0.3.2xx), piece by piece. inspect_ai reads a header
 * alone up to `stats`, so what is told of all samples comes before them: `samples` are read twice. A part of a run has
 * the status "cancelled", and in its metadata what is missing.
 */
export function* exportInspect(run: ExportRun, samples: () => Iterable<SampleRecord>): Generator<string> {
  const model = `entrace/${run.modelName}`
  const totals = countSamples(samples())
  const part = partWarning(run.coverage)
  // Those that a GenerateConfig knows; the others go to the arguments of the model.
  const { top_k, top_p, ...modelArguments } = run.furtherDecoding
  const generation = {
    max_tokens: run.maxNewTokens,
    temperature: run.temperature,
    top_k,
    top_p,
    seed: run.seed,
    logprobs: true,
    top_logprobs: run.topLogprobs,
    ...(run.systemPrompt !== null && { system_message: run.systemPrompt }),
  }
  const header = {
    version: 2,
    // A log of samples that are not all would be read as one that is done.
    status: part === null ? 'success' : 'cancelled',
    eval: {
      eval_id: run.hash.slice(0, 22),
      run_id: run.hash.slice(22, 44),
      created: new Date(run.finishedMs).toISOString(),
      task: taskName(run.dataSetName),
      task_id: run.hash.slice(-22),
      task_version: 0,
      task_attribs: {},
      task_args: {},
      task_args_passed: {},
      dataset: { name: run.dataSetName, samples: run.problems, shuffled: false },
      model,
      model_generate_config: generation,
      model_args: modelArguments,
      config: { limit: run.limit, epochs: run.samples },
      ...(part !== null && { metadata: { part, samples: run.coverage.samples, of: run.coverage.of } }),
      packages: { entrace: run.version },
      scorers: [{ name: scorer }],
    },
    plan: {
      name: 'plan',
      steps: [{ solver: 'generate', params: {}, params_passed: {} }],
      config: generation,
    },
    results: {
      total_samples: isPart(run.coverage) ? run.coverage.of : totals.samples,
      completed_samples: totals.samples - totals.errors,
      scores: [
        {
          name: scorer,
          scorer,
          params: { ...run.grading },
          // inspect_ai scores no sample that failed.
          scored_samples: totals.samples - totals.errors,
          unscored_samples: totals.errors,
          metrics:
            totals.samples === totals.errors
              ? {}
              : {
                  accuracy: {
                    name: 'accuracy',
                    value: totals.correct / (totals.samples - totals.errors),
                    params: {},
                  },
                },
        },
      ],
    },
    stats: {
      started_at: '',
      completed_at: new Date(run.finishedMs).toISOString(),
      model_usage: { [model]: usageOf(totals.promptTokens, totals.generatedTokens) },
    },
  }
  yield `${JSON.stringify(header).slice(0, -1)},"samples":[`
  let separator = '\n'
  for (const sample of samples()) {
    yield separator + JSON.stringify(inspectSample(run, model, sample))
    separator = ',\n'
  }
  yield '\n]}\n'
}

function countSamples(samples: Iterable<SampleRecord>) {
  const totals = { samples: 0, errors: 0, correct: 0, promptTokens: 0, generatedTokens: 0 }
  for (const sample of samples) {
    totals.samples++
    if (sample.finishReason === 'error') totals.errors++
    if (sample.correct) totals.correct++
    totals.promptTokens += sample.promptTokens
    totals.generatedTokens += sample.generatedTokens
  }
  return totals
}

/** An EvalSample: an answer is an epoch of its problem. */
function inspectSample(run: ExportRun, model: string, sample: SampleRecord): Record<string, unknown> {
  const isError = sample.finishReason === 'error'
  const uuid = `${run.hash.slice(0, 8)}-${sample.problemIndex}-${sample.sampleIndex}`
  const answer = {
    id: `${uuid}-answer`,
    role: 'assistant',
    content: sample.generatedText,
    source: 'generate',
    model,
  }
  const usage = usageOf(sample.promptTokens, sample.generatedTokens)
  const seconds = sample.durationMs / 1000
  const message = sample.error ?? 'unknown'
  return {
    id: sample.problemId,
    epoch: sample.sampleIndex + 1,
    input: sample.problem,
    target: sample.expectedAnswer,
    messages: [
      ...(run.systemPrompt === null
        ? []
        : [{ id: `${uuid}-system`, role: 'system', content: run.systemPrompt }]),
      { id: `${uuid}-problem`, role: 'user', content: sample.problem, source: 'input' },
      ...(isError ? [] : [answer]),
    ],
    output: {
      model,
      choices: isError
        ? []
        : [
            {
              message: answer,
              stop_reason: sample.finishReason === 'stop' ? 'stop' : 'max_tokens',
              logprobs: { content: tokenLogprobs(sample) },
            },
          ],
      completion: sample.generatedText,
      usage,
      time: seconds,
      error: sample.error,
    },
    scores: isError
      ? {}
      : {
          [scorer]: {
            value: sample.correct ? 'C' : 'I',
            answer: sample.extractedAnswer,
            metadata: {
              rule: sample.rule,
              mean_entropy_nats: sample.meanEntropyNats,
              max_entropy_nats: sample.maxEntropyNats,
              sum_logprob: sample.sumLogprob,
            },
          },
        },
    metadata: sample.metadata,
    store: {},
    events: [],
    model_usage: { [model]: usage },
    total_time: seconds,
    working_time: seconds,
    uuid,
    error: isError ? { message, traceback: message, traceback_ansi: message } : null,
    attachments: {},
  }
}

/** A ModelUsage. */
function usageOf(promptTokens: number, generatedTokens: number) {
  return {
    input_tokens: promptTokens,
    output_tokens: generatedTokens,
    total_tokens: promptTokens + generatedTokens,
  }
}
