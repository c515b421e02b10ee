import { httpModelFiles } from '../../core/files/http-byte-source.ts'
import { modelStops, stopTokens } from '../../core/generate/answer-end.ts'
import { decodingLimits } from '../../core/generate/decoding.ts'
import { openCheckpoint, openConfig, weightBytes } from '../../core/model/checkpoint.ts'
import { hashRow, loadModel } from '../../core/model/load-model.ts'
import { rankMemory } from '../../core/model/rank-costs.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openPageTokenizer } from './page-tokenizer.ts'

/** What is asked of a model: room for the longest answer, and what its records keep. */
export interface ModelRequest {
  /** Address of its folder. */
  address: string
  /** Tokens of the longest prompt and answer together. */
  longestTokens: number
  topLogprobs: number
}

export type PageModel = Awaited<ReturnType<typeof openPageModel>>

/**
 * Opens a model by HTTP ranges, of which little is read: enough to say what it costs, and to encode and decode. Throws
 * InputError for what is no model that can be run.
 */
export async function openPageModel(request: ModelRequest) {
  const { address, longestTokens, topLogprobs } = request
  const files = httpModelFiles(address)
  const config = await openConfig(
    files,
    'found no config.json, expected the folder of a model; check the address after model=',
  )
  const [{ entries, generationConfig }, tokenizer] = await Promise.all([
    openCheckpoint(files, config),
    openPageTokenizer(files),
  ])
  const capacity = Math.min(longestTokens, config.maxPositionEmbeddings)
  const dtype = entries.get('model.embed_tokens.weight')!.dtype
  const { peakBytes } = rankMemory(config, planShards(config, 1), 0, dtype, {
    sequences: 1,
    contextTokens: capacity,
  })
  return {
    /** `deviceBytes` are weights, keys and values, and an estimate of what a step needs. */
    cost: { downloadBytes: weightBytes(config, entries), deviceBytes: peakBytes },
    tokenizer,
    /**
     * Tokens that end an answer where the run does not say. This page renders no chat template: the token that ends the
     * problem's turn in the recorded prompt stands for the end of turn.
     */
    stopIds(prompt: string, problem: string): number[] {
      const stated = { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
      const endOfTurnId = () => tokenizer.idBehind(prompt, problem)
      return stopTokens(modelStops(stated, { eosId: tokenizer.eosId, endOfTurnId }), null).map(({ id }) => id)
    },
    /** Reads the weights onto a device of this page. `onBytes` gets bytes as they are read, of `cost.downloadBytes`. */
    async load(onBytes: (sizeBytes: number) => void) {
      const limits = { ...decodingLimits(1, topLogprobs, { stopIds: [] }, config.vocabSize), capacity }
      const weights = { where: address, entries }
      const loaded = await loadModel([await openPageDevice()], { config, weights, limits, onBytes, hashRow })
      const { ranks, adapterNames, weightDigest } = loaded
      return { model: ranks[0]!, adapterName: adapterNames[0]!, weightDigest }
    },
  }
}

async function openPageDevice(): Promise<Device> {
  // Absent where there is no WebGPU, whatever its type says.
  const gpu = navigator.gpu as GPU | undefined
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!gpu || !adapter)
    throw new Error(
      `${gpu ? 'This browser has WebGPU, but found no adapter that it may use' : 'This browser has no WebGPU in workers'}, ` +
        'so nothing can be computed here. Look at chrome://gpu (or about:support), update the driver of the graphics card, ' +
        'or use another browser',
    )
  return openDevice({ gpu, adapter })
}
