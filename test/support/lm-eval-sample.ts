import { z } from 'zod'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
/**
 * A line of samples_*.jsonl: `save_results_samples` of loggers/evaluation_tracker.py and `example` of evaluator.py,
 * lm-evaluation-harness 0.4.9.
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
