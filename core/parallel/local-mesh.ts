import type { Device } from '../../kernels/gpu/device.ts'
import { histogramWords } from '../../kernels/mass-histogram/mass-histogram.ts'
import type { TensorEntry } from '../formats/safetensors.ts'
import {
  type GenerateOptions,
  type Generation,
  generate,
  type SequenceRequest,
} from '../generate/generate.ts'
import type { ModelConfig } from '../model/config.ts'
import { LanguageModel, type ModelRoom, stepRows } from '../model/language-model.ts'
import { loadWeights } from '../model/load-weights.ts'
import type { OnRows } from '../model/weights.ts'
import { createLocalExchanges } from './local-exchange.ts'
import { planShards } from './plan-shards.ts'

/** Bytes of a slot, so that loading moves some rows at a time whatever the model. */
const loadingSlotBytes = 8 * 2 ** 20

/** Bytes that one rank hands over at most while a model runs and loads: the largest partial sum, or a piece of a weight. */
export function exchangeSlotBytes(config: ModelConfig, room: ModelRoom): number {
  const partialSum = stepRows(config, room) * config.hiddenSize * 4
  const scores = room.sequences * Math.max(room.topK * 8 + 84, histogramWords * 4) + 1024
  const weightRow = Math.max(config.intermediateSize, config.heads * config.headDim) * 4
  return Math.max(loadingSlotBytes, partialSum, scores, weightRow)
}

/**
 * Loads a model over devices of this thread, a rank on each: what a page does with several adapters, or with several
 * devices of one. Throws as loadWeights and LanguageModel.create do.
 */
export async function createLocalMesh(
  devices: readonly Device[],
  config: ModelConfig,
  entries: Map<string, TensorEntry>,
  where: string,
  room: ModelRoom,
  onRows?: OnRows,
): Promise<LanguageModel[]> {
  const plan = planShards(config, devices.length)
  const exchanges = createLocalExchanges(devices.length, exchangeSlotBytes(config, room))
  return runTogether(
    devices.map((device, rank) => async () => {
      const exchange = exchanges[rank]!
      const weights = await loadWeights(device, config, plan, entries, where, exchange, onRows)
      return LanguageModel.create(device, config, plan, weights, room, exchange)
    }),
    reason => exchanges[0]!.abort(reason),
  )
}

/** Answers requests on all ranks of a local mesh, each deriving the same tokens; returns rank 0's answers. */
export async function generateOnMesh<Request extends SequenceRequest>(
  models: readonly LanguageModel[],
  requests: readonly Request[],
  options: GenerateOptions,
): Promise<{ request: Request; generation: Generation }[]> {
  const [answers] = await runTogether(
    models.map((model, rank) => async () => {
      const own: { request: Request; generation: Generation }[] = []
      const { onToken: _, ...silent } = options
      for await (const answer of generate(model, requests, rank === 0 ? options : silent)) own.push(answer)
      return own
    }),
    reason => models[0]!.group.exchange.abort(reason),
  )
  return answers!
}

/** Runs every rank's work; the first failure aborts the others, and is the one that is thrown. */
async function runTogether<T>(work: (() => Promise<T>)[], abort: (reason: string) => void): Promise<T[]> {
  let failure: { error: unknown } | null = null
  const results = await Promise.allSettled(
    work.map(run =>
      run().catch(error => {
        failure ??= { error }
        abort(String(error))
        throw error
      }),
    ),
  )
  if (failure) throw (failure as { error: unknown }).error
  return results.map(result => (result as PromiseFulfilledResult<T>).value)
}
