import { httpModelFiles } from '../../core/files/http-byte-source.ts'
import { quickSha256 } from '../../core/files/sha256.ts'
import { modelStops, stopTokens } from '../../core/generate/answer-end.ts'
import { decodingLimits } from '../../core/generate/decoding.ts'
import { openCheckpoint, openConfig, weightBytes } from '../../core/model/checkpoint.ts'
import type { LanguageModel } from '../../core/model/language-model.ts'
import { type HashRow, loadModel } from '../../core/model/load-model.ts'
import { rankMemory } from '../../core/model/rank-costs.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openPageTokenizer, type PageTokenizer } from './page-tokenizer.ts'

/** What is asked of a model: room for the longest answer, and what its records keep. */
export interface ModelRequest {
  /** Address of its folder. */
  address: string
  /** Tokens of the longest prompt and answer together. */
  longestTokens: number
  topLogprobs: number
}

/** What loading a model will cost. */
export interface ModelCost {
  downloadBytes: number
  /** On the device: weights, keys and values, and an estimate of what a step needs. */
  deviceBytes: number
}

/** A model that is loaded. */
export interface LoadedModel {
  model: LanguageModel
  adapterName: string
  /** As run.json has it. */
  weightDigest: string
}

/** A model at an address, of which little was read: enough to say what it costs, and to encode and decode. */
export interface PageModel {
  cost: ModelCost
  tokenizer: PageTokenizer
  /**
   * Tokens that end an answer where the run does not say. This page renders no chat template: the token that ends the
   * problem's turn in the recorded prompt stands for the end of turn.
   */
  stopIds(prompt: string, problem: string): number[]
  /** Reads the weights onto a device of this page. `onBytes` gets bytes as they are read, of `cost.downloadBytes`. */
  load(onBytes: (sizeBytes: number) => void): Promise<LoadedModel>
}

/** Opens a model by HTTP ranges. Throws InputError for what is no model that can be run. */
export async function openPageModel(request: ModelRequest): Promise<PageModel> {
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
    cost: { downloadBytes: weightBytes(config, entries), deviceBytes: peakBytes },
    tokenizer,
    stopIds(prompt, problem) {
      const stated = { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
      const endOfTurnId = () => tokenizer.idBehind(prompt, problem)
      return stopTokens(modelStops(stated, { eosId: tokenizer.eosId, endOfTurnId }), null).map(({ id }) => id)
    },
    async load(onBytes) {
      const limits = { ...decodingLimits(1, topLogprobs, { stopIds: [] }, config.vocabSize), capacity }
      const weights = { where: address, entries }
      const loaded = await loadModel([await openPageDevice()], { config, weights, limits, onBytes, hashRow })
      const { ranks, adapterNames, weightDigest } = loaded
      return { model: ranks[0]!, adapterName: adapterNames[0]!, weightDigest }
    },
  }
}

const encoder = new TextEncoder()

/** SHA-256 of a row of a weight after its label, by the browser. */
const hashRow: HashRow = (label, row) => {
  const start = encoder.encode(label)
  const message = new Uint8Array(start.length + row.length)
  message.set(start)
  message.set(row, start.length)
  return quickSha256(message)
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
