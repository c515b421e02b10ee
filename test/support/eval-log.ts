import { z } from 'zod'
import { tokenLogprob } from './chat-completion.ts'

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
  seed: z.int(),
  logprobs: z.boolean(),
  top_logprobs: z.int(),
  system_message: z.string().optional(),
})
const unknowns = z.record(z.string(), z.unknown())
/** EvalLog and what it holds: log/_log.py, model/_model_output.py and scorer/_metric.py of inspect_ai 0.3.2xx. */
export const evalLog = z.strictObject({
  version: z.literal(2),
  status: z.enum(['started', 'success', 'cancelled', 'error']),
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
    model: z.string(),
    model_generate_config: generateConfig,
    model_args: unknowns,
    config: z.strictObject({ limit: z.int(), epochs: z.int() }),
    metadata: unknowns.optional(),
    packages: z.record(z.string(), z.string()),
    scorers: z.array(z.strictObject({ name: z.string() })),
  }),
  plan: z.strictObject({
    name: z.string(),
    steps: z.array(z.strictObject({ solver: z.string(), params: unknowns, params_passed: unknowns })),
    config: generateConfig,
  }),
  results: z.strictObject({
    total_samples: z.int(),
    completed_samples: z.int(),
    scores: z.array(
      z.strictObject({
        name: z.string(),
        scorer: z.string(),
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
    started_at: z.literal(''),
    completed_at: z.iso.datetime(),
    model_usage: z.record(z.string(), usage),
  }),
  samples: z.array(
    z.strictObject({
      id: z.union([z.string(), z.int()]),
      epoch: z.int(),
      input: z.string(),
      target: z.string(),
      messages: z.array(message),
      output: z.strictObject({
        model: z.string(),
        choices: z.array(
          z.strictObject({
            message,
            stop_reason: z.enum([
              'stop',
              'max_tokens',
              'model_length',
              'tool_calls',
              'content_filter',
              'unknown',
            ]),
            logprobs: z.strictObject({ content: z.array(tokenLogprob) }),
          }),
        ),
        completion: z.string(),
        usage,
        time: z.number(),
        error: z.string().nullable(),
      }),
      scores: z.record(
        z.string(),
        z.strictObject({
          value: z.enum(['C', 'I']),
          answer: z.string().nullable(),
          metadata: unknowns,
        }),
      ),
      metadata: unknowns,
      store: unknowns,
      events: z.tuple([]),
      model_usage: z.record(z.string(), usage),
      total_time: z.number(),
      working_time: z.number(),
      uuid: z.string(),
      error: z
        .strictObject({ message: z.string(), traceback: z.string(), traceback_ansi: z.string() })
        .nullable(),
      attachments: unknowns,
    }),
  ),
})
