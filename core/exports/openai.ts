import { describeGrading, isDefaultGrading } from '../grade/grading-rules.ts'
import type { PromptToken } from '../record/prompt-token.ts'
import type { SampleRecord } from '../record/sample.ts'
import { partWarning } from '../study/coverage.ts'
import { type ExportRun, jsonLine, tokenLogprobs } from './export-run.ts'

/**
 * A sample as the OpenAI interface's chat completion object with `logprobs`
 * (https://platform.openai.com/docs/api-reference/chat/object; types/chat/chat_completion.py of openai-python), one line.
 * Of a prompt's tokens it has what vLLM adds to that object, `prompt_logprobs`, where ranks count from 1. `metadata` says which sample it is, how it was graded and whether the run lacks samples. A sample that failed has no such object: null.
 */
export function exportOpenai(run: ExportRun, sample: SampleRecord): string | null {
  if (sample.finishReason === 'error') return null
  const { promptTokens, generatedTokens } = sample
  const part = partWarning(run.coverage)
  const completion = {
    id: `chatcmpl-${run.hash.slice(0, 16)}-${sample.problemIndex}-${sample.sampleIndex}`,
    object: 'chat.completion',
    created: Math.floor(run.finishedMs / 1000),
    model: run.modelName,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: sample.generatedText, refusal: null },
        logprobs: { content: tokenLogprobs(sample), refusal: null },
        finish_reason: sample.finishReason,
      },
    ],
    ...(sample.promptScores && { prompt_logprobs: sample.promptScores.map(promptEntry) }),
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: generatedTokens,
      total_tokens: promptTokens + generatedTokens,
    },
    metadata: {
      problem_id: cut(sample.problemId),
      sample_index: String(sample.sampleIndex),
      expected_answer: cut(sample.expectedAnswer),
      ...(sample.extractedAnswer !== null && { extracted_answer: cut(sample.extractedAnswer) }),
      correct: String(sample.correct),
      ...(!isDefaultGrading(run.grading) && { grading: describeGrading(run.grading) }),
      ...(part !== null && { part: cut(part) }),
    },
  }
  return jsonLine(completion)
}

/** A token of a prompt by its id; null of the first, of which nothing is known. */
function promptEntry({ id, text, logprob, rank }: PromptToken) {
  return logprob === null ? null : { [id]: { logprob, rank: (rank ?? 0) + 1, decoded_token: text } }
}

/** A text as long as a value of `metadata` may be. */
function cut(text: string): string {
  return text.slice(0, 512)
}
