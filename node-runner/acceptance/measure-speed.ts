import { type Hardware, predictMesh } from '../../core/parallel/cost-model.ts'
import type { AcceptanceRequest } from './acceptance-request.ts'
import { promptOfIds } from './prompts.ts'
import { runTasks } from './run-tasks.ts'

/** Tokens a second as an engine gives them, beside the cost model's prediction. */
export interface SpeedMeasurement {
  concurrency: number
  /** Tokens of the measured answers. */
  tokens: number
  seconds: number
  /** Reading the short prompts included, loading and the first answers not. */
  tokensPerSecond: number
  /** With what was measured of the adapters. */
  predictedTokensPerSecond: number
  /** Loading of weights and making of all else. */
  loadSeconds: number
}

/** Measures so many sequences at once: as many answers first, while pipelines are compiled, then as many that count. */
export async function measureSpeed(
  request: AcceptanceRequest,
  concurrency: number,
  hardware: Hardware,
): Promise<SpeedMeasurement> {
  const { config, dtype, tp, say } = request
  const prompts = Array.from({ length: 2 * concurrency }, (_, index) => promptOfIds(config, index))
  const promptTokens = prompts[0]!.length
  const capacity = Math.min(promptTokens + request.maxNewTokens, config.maxPositionEmbeddings)
  const maxNewTokens = capacity - promptTokens
  say(`tp ${tp}, ${concurrency} at once: ${2 * concurrency} answers of ${maxNewTokens} tokens`)
  const room = { sequences: concurrency, capacity, topK: Math.min(5, config.vocabSize) }
  const { answers, arrivedMs, loadMs } = await runTasks(request, { tp, room, prompts, maxNewTokens })
  // All answers have one length, so that those that count begin when the last of the first ones ends.
  const seconds = (arrivedMs.at(-1)! - arrivedMs[concurrency - 1]!) / 1000
  const tokens = answers.slice(concurrency).reduce((sum, answer) => sum + answer.tokens.length, 0)
  const workload = { concurrency, contextTokens: promptTokens + Math.ceil(maxNewTokens / 2) }
  const predicted = predictMesh(config, dtype, { dp: 1, tp }, workload, hardware)
  return {
    concurrency,
    tokens,
    seconds,
    tokensPerSecond: tokens / seconds,
    predictedTokensPerSecond: predicted.tokensPerSecond,
    loadSeconds: loadMs / 1000,
  }
}
