import { z } from 'zod'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
/**
 * A line of samples_*.jsonl: `save_results_samples` of loggers/evaluation_tracker.py and `example` of evaluator.py,
 * lm-evaluation-harness 0.4.13.
 */
export const lmEvalSample = z.looseObject({
  doc_id: z.int(),
  doc: z.record(z.string(), z.unknown()),
  target: z.string(),
  arguments: z.strictObject({
    gen_args_0: z.strictObject({
      arg_0: z.string(),
      arg_1: z.strictObject({
        until: z.array(z.string()),
        max_gen_toks: z.int(),
        do_sample: z.boolean(),
        temperature: z.number(),
        // Keyword arguments of Transformers' generate.
        top_k: z.int().optional(),
        top_p: z.number().optional(),
        min_p: z.number().optional(),
        repetition_penalty: z.number().optional(),
        num_beams: z.int().optional(),
        length_penalty: z.number().optional(),
      }),
    }),
  }),
  resps: z.array(z.array(z.string())),
  filtered_resps: z.array(z.string()),
  filter: z.string(),
  metrics: z.array(z.string()),
  doc_hash: hash,
  prompt_hash: hash,
  target_hash: hash,
  exact_match: z.number(),
})

const byTask = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value)
const kwargs = lmEvalSample.shape.arguments.shape.gen_args_0.shape.arg_1
/** `results_*.json`: result_schema.py and `save_results_aggregated` of loggers/evaluation_tracker.py there. */
export const lmEvalResults = z.strictObject({
  results: byTask(
    z
      .object({ name: z.string(), alias: z.string(), sample_len: z.int() })
      .catchall(z.union([z.number(), z.literal('N/A')])),
  ),
  group_subtasks: z.strictObject({}),
  configs: byTask(
    z.strictObject({
      task: z.string(),
      dataset_path: z.string(),
      output_type: z.literal('generate_until'),
      num_fewshot: z.int(),
      repeats: z.int(),
      generation_kwargs: kwargs,
      metric_list: z.array(
        z.strictObject({
          metric: z.string(),
          aggregation: z.literal('mean'),
          higher_is_better: z.boolean(),
        }),
      ),
      filter_list: z.array(z.strictObject({ name: z.string(), filter: z.tuple([]) })),
      metadata: z.record(z.string(), z.unknown()),
    }),
  ),
  versions: byTask(z.number()),
  'n-shot': byTask(z.int()),
  higher_is_better: byTask(z.record(z.string(), z.boolean())),
  'n-samples': byTask(z.strictObject({ original: z.int(), effective: z.int() })),
  config: z.strictObject({
    model: z.string(),
    model_args: z.record(z.string(), z.string()),
    model_revision: z.string().nullable(),
    limit: z.int().nullable(),
    bootstrap_iters: z.literal(0),
    gen_kwargs: kwargs,
    random_seed: z.int(),
  }),
  git_hash: z.null(),
  date: z.number(),
  entrace_version: z.string(),
  part: z.string().optional(),
  task_hashes: byTask(hash),
  model_source: z.string(),
  model_name: z.string(),
  model_name_sanitized: z.string(),
  system_instruction: z.string().nullable(),
  system_instruction_sha: hash.nullable(),
  fewshot_as_multiturn: z.boolean(),
  chat_template: z.null(),
  chat_template_sha: z.null(),
  total_evaluation_time_seconds: z.string(),
})
