import { z } from 'zod'

const byte = z.int().min(0).max(255)
export const topLogprob = z.strictObject({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(byte).nullable(),
})
/** An entry of `choices[].logprobs.content`. */
export const tokenLogprob = topLogprob.extend({ top_logprobs: z.array(topLogprob) })

/**
 * A chat completion with log-probabilities: types/chat/chat_completion.py, chat_completion_message.py and
 * completion_usage.py of openai-python 2.x.
 */
export const chatCompletion = z.strictObject({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      message: z.strictObject({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: z.strictObject({ content: z.array(tokenLogprob), refusal: z.null() }),
      finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']),
    }),
  ),
  // An extension of vLLM's (entrypoints/openai/chat_completion/protocol.py).
  prompt_logprobs: z
    .array(
      z
        .record(
          z.string().regex(/^\d+$/),
          z.strictObject({ logprob: z.number(), rank: z.int().min(1), decoded_token: z.string().nullable() }),
        )
        .nullable(),
    )
    .optional(),
  usage: z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  // At most 16 pairs of texts.
  metadata: z.record(z.string().max(64), z.string().max(512)),
})
