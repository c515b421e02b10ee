import { z } from 'zod'
import { tokenLogprob, topLogprob } from './chat-completion.ts'

const usage = z.strictObject({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() })
const message = z.strictObject({
  id: z.string(),
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
  source: z.enum(['input', 'generate']).optional(),
  model: z.string().optional(),
})
const generateConfig = z.strictObject({
  max_tokens: z.int(),
  temperature: z.number(),
  top_k: z.int().optional(),
  top_p: z.number().optional(),
  stop_seqs: z.array(z.string()).min(1).optional(),
  seed: z.int(),
  logprobs: z.boolean(),
  top_logprobs: z.int(),
  system_message: z.string().optional(),
  extra_body: z.record(z.string(), z.number()).optional(),
})
const unknowns = z.record(z.string(), z.unknown())
const score = z.strictObject({
  value: z.enum(['C', 'I']),
  answer: z.string().nullable(),
  explanation: z.string(),
  metadata: z.record(z.string(), z.union([z.string(), z.number()])),
})
const choice = z.strictObject({
  message,
  stop_reason: z.enum(['stop', 'max_tokens', 'model_length', 'tool_calls', 'content_filter', 'unknown']),
})
const output = z.strictObject({
  model: z.string(),
  choices: z.array(choice),
  completion: z.string(),
  usage,
  time: z.number(),
  error: z.string().nullable(),
})
const modelEvent = z.strictObject({
  uuid: z.string(),
  timestamp: z.iso.datetime(),
  completed: z.iso.datetime(),
  working_start: z.number(),
  working_time: z.number(),
  event: z.literal('model'),
  model: z.string(),
  input: z.array(message).min(1),
  tools: z.tuple([]),
  tool_choice: z.literal('none'),
  config: generateConfig,
  output,
  error: z.string().nullable(),
  call: z.null(),
})
/** EvalSample, with the one ModelEvent of its answer. */
const evalSample = z.strictObject({
  id: z.string(),
  epoch: z.int(),
  input: z.string(),
  target: z.string(),
  messages: z.array(message),
  output: output.extend({
    choices: z.array(
      choice.extend({
        logprobs: z.strictObject({ content: z.array(tokenLogprob) }),
        prompt_logprobs: z.strictObject({ content: z.array(topLogprob) }).optional(),
      }),
    ),
  }),
  scores: z.record(z.string(), score),
  metadata: unknowns,
  store: unknowns,
  events: z.tuple([modelEvent]),
  model_usage: z.record(z.string(), usage),
  total_time: z.number(),
  working_time: z.number(),
  uuid: z.string(),
  error: z
    .strictObject({ message: z.string(), traceback: z.string(), traceback_ansi: z.string() })
    .nullable(),
  attachments: unknowns,
})
const evalSampleSummary = evalSample
  .pick({ id: true, epoch: true, input: true, target: true, scores: true, metadata: true })
  .extend({
    ...evalSample.pick({ model_usage: true, total_time: true, working_time: true, uuid: true }).shape,
    error: z.string().optional(),
    completed: z.literal(true),
    message_count: z.int(),
  })
const logStart = z.strictObject({
  version: z.literal(2),
  eval: z.strictObject({
    eval_id: z.string(),
    run_id: z.string(),
    created: z.iso.datetime(),
    task: z.string(),
    task_id: z.string(),
    task_version: z.int(),
    task_attribs: unknowns,
    task_args: unknowns,
    task_args_passed: unknowns,
    dataset: z.strictObject({ name: z.string(), samples: z.int(), shuffled: z.boolean() }),
    model: z.string().startsWith('none/'),
    model_generate_config: generateConfig,
    model_args: z.strictObject({}),
    config: z.strictObject({
      limit: z.int(),
      epochs: z.int(),
      epochs_reducer: z.tuple([z.literal('mean')]),
      fail_on_error: z.literal(false),
      score_on_error: z.literal(true),
    }),
    metadata: unknowns.optional(),
    packages: z.record(z.string(), z.string()),
    scorers: z.array(
      z.strictObject({
        name: z.string(),
        options: unknowns,
        metrics: z.array(z.strictObject({ name: z.string() })),
      }),
    ),
  }),
  plan: z.strictObject({
    name: z.string(),
    steps: z.array(z.strictObject({ solver: z.string(), params: unknowns, params_passed: unknowns })),
    config: generateConfig,
  }),
})
const evalHeader = logStart.extend({
  status: z.enum(['started', 'success', 'cancelled', 'error']),
  results: z.strictObject({
    total_samples: z.int(),
    completed_samples: z.int(),
    scores: z.array(
      z.strictObject({
        name: z.string(),
        scorer: z.string(),
        reducer: z.literal('mean'),
        params: unknowns,
        scored_samples: z.int(),
        unscored_samples: z.int(),
        metrics: z.record(
          z.string(),
          z.strictObject({ name: z.string(), value: z.number(), params: unknowns }),
        ),
      }),
    ),
  }),
  stats: z.strictObject({
    started_at: z.iso.datetime(),
    completed_at: z.iso.datetime(),
    model_usage: z.record(z.string(), usage),
  }),
})
const reductions = z.array(
  z.strictObject({
    scorer: z.string(),
    reducer: z.literal('mean'),
    samples: z.array(z.strictObject({ value: z.number(), sample_id: z.string() })),
  }),
)

/** A log in JSON. It and what it holds: log/_log.py, event/_model.py, model/_model_output.py, scorer/_metric.py of inspect_ai 0.3.285. */
export const evalLog = evalHeader.extend({ samples: z.array(evalSample), reductions })

/** The files of an `.eval` of so many samples: log/_recorders/eval.py there. */
export function parseEvalArchive(files: Record<string, string>) {
  const {
    'header.json': header,
    '_journal/start.json': start,
    'summaries.json': summaries,
    'reductions.json': reduced,
    ...others
  } = files
  const samples = Object.entries(others).map(([name, text]) => {
    const sample = evalSample.parse(JSON.parse(text))
    if (name !== `samples/${sample.id}_epoch_${sample.epoch}.json`)
      throw new Error(`${name}: holds ${sample.id} of epoch ${sample.epoch}`)
    return sample
  })
  return {
    start: logStart.parse(JSON.parse(start!)),
    log: evalLog.parse({ ...JSON.parse(header!), samples, reductions: JSON.parse(reduced!) }),
    summaries: z.array(evalSampleSummary).parse(JSON.parse(summaries!)),
  }
}
