import type { Generation } from '../../core/generate/generate.ts'
import { type Hardware, predictMesh } from '../../core/model/cost-model.ts'
import { rankMemory } from '../../core/model/rank-costs.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { type AcceptanceRequest, promptOfIds, runTasks } from './acceptance-request.ts'

/** Compares answers over the model's prompts. Also gives the larger mesh's run, whose memory is looked at next. */
export async function measureAgreement(request: AcceptanceRequest) {
  const { tp, prompts, config, say } = request
  const longest = Math.max(...prompts.map(ids => ids.length))
  const capacity = Math.min(longest + request.maxNewTokens, config.maxPositionEmbeddings)
  const room = { sequences: prompts.length, capacity, topK: Math.min(5, config.vocabSize) }
  const answer = (ranks: number) => runTasks(request, ranks, room, prompts, request.maxNewTokens)
  say(`tp ${tp}: ${prompts.length} prompts`)
  const run = await answer(tp)
  const refused: { tp: number; reason: string }[] = []
  for (let baselineTp = 1; baselineTp === 1 || baselineTp < tp; baselineTp *= 2) {
    say(`tp ${baselineTp}, to compare with`)
    try {
      const baseline = await answer(baselineTp)
      const agreement = agreementOf(baseline.answers, run.answers, request.bounds)
      const comparison = {
        tp,
        /** The smallest that loads; the same as `tp` where it is 1: then two runs, which must agree to the bit. */
        baselineTp,
        /** Sizes below the baseline, and why they did not load. */
        refused,
        ...agreement,
      }
      return { comparison, run, capacity }
    } catch (error) {
      if (request.signal.aborted) throw error
      refused.push({ tp: baselineTp, reason: (error as Error).message })
    }
  }
  const reasons = refused.map(({ tp: smaller, reason }) => `tp ${smaller}: ${reason}`)
  throw new Error(`there is nothing to compare tp ${tp} with. ${reasons.join('. ')}`)
}

/** Token by token, up to where two answers part. */
export function agreementOf(
  baseline: readonly Generation[],
  answers: readonly Generation[],
  bounds: { margin: number },
) {
  const found = {
    tokens: 0,
    /** Tokens that differ although the baseline's margin is above the bound. */
    wrongTokens: 0,
    /** Prompts whose answers part at a token whose margin is below it; what follows cannot be compared. */
    closeCalls: 0,
    largestEntropyDifferenceNats: 0,
  }
  baseline.forEach(({ tokens: expected }, index) => {
    const tokens = answers[index]?.tokens ?? []
    for (const [step, token] of expected.entries()) {
      const other = tokens[step]
      found.tokens++
      const difference = Math.abs(token.entropyNats - (other?.entropyNats ?? Number.POSITIVE_INFINITY))
      found.largestEntropyDifferenceNats = Math.max(found.largestEntropyDifferenceNats, difference)
      if (other?.id === token.id) continue
      if (token.margin > bounds.margin) found.wrongTokens++
      else found.closeCalls++
      return
    }
  })
  return found
}

/** A mesh's answers against those of a smaller one. */
export type MeshAgreement = Awaited<ReturnType<typeof measureAgreement>>['comparison']

/** Measures so many sequences at once: as many answers first, while pipelines are compiled, then as many that count. */
export async function measureSpeed(request: AcceptanceRequest, concurrency: number, hardware: Hardware) {
  const { config, weightTypes, tp, say } = request
  const prompts = Array.from({ length: 2 * concurrency }, (_, index) => promptOfIds(config, index))
  const promptTokens = prompts[0]!.length
  const capacity = Math.min(promptTokens + request.maxNewTokens, config.maxPositionEmbeddings)
  const maxNewTokens = capacity - promptTokens
  say(`tp ${tp}, ${concurrency} at once: ${2 * concurrency} answers of ${maxNewTokens} tokens`)
  const room = { sequences: concurrency, capacity, topK: Math.min(5, config.vocabSize) }
  const { answers, arrivedMs, loadMs } = await runTasks(request, tp, room, prompts, maxNewTokens)
  // All answers have one length, so that those that count begin when the last of the first ones ends.
  const seconds = (arrivedMs.at(-1)! - arrivedMs[concurrency - 1]!) / 1000
  const tokens = answers.slice(concurrency).reduce((sum, answer) => sum + answer.tokens.length, 0)
  const workload = { concurrency, contextTokens: promptTokens + Math.ceil(maxNewTokens / 2) }
  const predicted = predictMesh(config, weightTypes.types, { dp: 1, tp }, workload, hardware)
  return {
    concurrency,
    /** Of the measured answers. */
    tokens,
    seconds,
    /** Reading the short prompts included, loading and the first answers not. */
    tokensPerSecond: tokens / seconds,
    /** With what was measured of the adapters. */
    predictedTokensPerSecond: predicted.tokensPerSecond,
    /** Loading of weights and making of all else. */
    loadSeconds: loadMs / 1000,
  }
}

/** Tokens a second as an engine gives them, beside the cost model's prediction. */
export type SpeedMeasurement = Awaited<ReturnType<typeof measureSpeed>>

/** The memory of every rank of a run with so many sequences of `contextTokens` tokens. */
export function rankBytes(
  { config, weightTypes, tp, bounds }: AcceptanceRequest,
  loaded: { adapterNames: readonly string[]; deviceBytes: readonly number[] },
  room: { sequences: number; contextTokens: number },
) {
  const plan = planShards(config, tp)
  return plan.ranks.map(({ rank }) => {
    const planned = rankMemory(config, plan, rank, weightTypes.types, room)
    const deviceBytes = loaded.deviceBytes[rank] ?? Number.NaN
    const least = planned.weightBytes + planned.cacheBytes
    const most = planned.peakBytes * (1 + bounds.memoryShare) + bounds.memoryBytes
    return {
      rank,
      adapterName: loaded.adapterNames[rank] ?? 'unknown',
      planned,
      /** Bytes in buffers of its device once all is made for the run. */
      deviceBytes,
      holds: deviceBytes >= least && deviceBytes <= most,
    }
  })
}

/** What is planned for a rank, and what its device holds. */
export type RankBytes = ReturnType<typeof rankBytes>[number]
