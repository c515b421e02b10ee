import { modelStops, stopTokens } from '../../core/generate/answer-end.ts'
import { decodingLimits } from '../../core/generate/decoding.ts'
import { typesOf, weightBytes } from '../../core/model/checkpoint.ts'
import { openHttpModel } from '../../core/model/http-model.ts'
import { layout } from '../../core/model/layout.ts'
import { hashRow, loadModel } from '../../core/model/load-model.ts'
import { rankMemory } from '../../core/model/rank-costs.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { type Device, LimitError, OutOfMemoryError, openDevice } from '../../kernels/gpu/device.ts'
import { bytesText, keepFiles } from './kept-files.ts'
import { openPageTokenizer } from './page-tokenizer.ts'

/** What is asked of a model: room for the longest answer, and what its records keep. */
export interface ModelRequest {
  /** Address of its folder, or of its file in GGUF. */
  address: string
  /** Tokens of the longest prompt and answer together. */
  longestTokens: number
  topLogprobs: number
}

export type PageModel = Awaited<ReturnType<typeof openPageModel>>

/**
 * Opens a model by HTTP ranges, of which little is read: enough to say what it costs, and to encode and decode. What is read
 * of its weights is kept in the browser's storage where that can be. Throws InputError for what is no model that can be run.
 */
export async function openPageModel({ address, longestTokens, topLogprobs }: ModelRequest) {
  const files = keepFiles()
  const { opened, tokenizer, keptBytes } = await openFiles(address, files)
  const { name, where, config, entries, generationConfig } = opened
  const capacity = Math.min(longestTokens, config.maxPositionEmbeddings)
  const room = { sequences: 1, contextTokens: capacity }
  const { peakBytes } = rankMemory(config, planShards(config, 1), 0, typesOf(config, entries).types, room)
  return {
    /**
     * `weightBytes` are read, of which `keptBytes` are in the browser's storage; `deviceBytes` are weights, keys and values, and
     * an estimate of what a step needs.
     */
    cost: { weightBytes: weightBytes(config, entries), keptBytes, deviceBytes: peakBytes },
    tokenizer,
    /**
     * Tokens that end an answer where the run does not say. This page renders no chat template: the token that ends the
     * problem's turn in the recorded prompt stands for the end of turn.
     */
    stopIds(prompt: string, problem: string): number[] {
      const stated = { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
      const endOfTurnId = () => tokenizer.endOfTurnId(prompt, problem)
      return stopTokens(modelStops(stated, { eosId: tokenizer.eosId, endOfTurnId }), null).map(({ id }) => id)
    },
    /** Reads the weights onto a device of this page. `onBytes` gets bytes as they are read, of `cost.weightBytes`. */
    async load(onBytes: (sizeBytes: number) => void) {
      const limits = { ...decodingLimits(1, topLogprobs, { stopIds: [] }, config.vocabSize), capacity }
      const device = await openPageDevice()
      try {
        const request = { config, weights: { where, entries }, limits, onBytes, hashRow }
        const { ranks, adapterNames, weightDigest } = await loadModel([device], request)
        if (!(await files.rest(weightDigest)))
          throw new Error(
            `What this browser kept of ${name} was damaged: its weights have another digest than before. It is removed; try again`,
          )
        const { refusal: notKept } = files
        return { model: ranks[0]!, adapterName: adapterNames[0]!, weightDigest, notKept }
      } catch (error) {
        await files.rest()
        device.destroy()
        throw describeShortMemory(error, name, peakBytes)
      }
    },
  }
}

/** Opens a model and its tokenizer, and says how much of its weights is kept. */
async function openFiles(address: string, files: ReturnType<typeof keepFiles>) {
  try {
    const opened = await openHttpModel(address, files.around)
    const tokenizer = await openPageTokenizer(opened)
    const { config, entries } = opened
    const names = new Set(layout(config).map(({ name }) => name))
    const keptBytes = await files.keptBytes(Array.from(names, name => entries.get(name)!))
    return { opened, tokenizer, keptBytes }
  } finally {
    await files.rest()
  }
}

/**
 * Where an error says that a device has no room for a model: how much the model needs, what is there, and what can be done in a page.
 * Any other error as it is.
 */
export function describeShortMemory(error: unknown, name: string, deviceBytes: number): unknown {
  if (!(error instanceof OutOfMemoryError || error instanceof LimitError)) return error
  // What follows is for a command line.
  const [found] = error.message.split('; ')
  const remedy =
    error instanceof LimitError
      ? "use a browser or a graphics card that takes larger buffers (chrome://gpu lists this one's limits)"
      : 'close other pages and programs that use the graphics card'
  return new Error(
    `${name} needs about ${bytesText(deviceBytes)} of the GPU's memory, which is not there: ${found}. ` +
      `Take a smaller model or the same in a smaller type (a file in GGUF of Q4_K_M, say), or ${remedy}`,
    { cause: error },
  )
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
