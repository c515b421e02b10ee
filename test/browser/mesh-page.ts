// What runs inside the page: kernels and core alone, with what a browser gives.
import { httpModelFiles } from '../../core/files/http-byte-source.ts'
import { openWeights } from '../../core/files/weight-files.ts'
import { generateOnMesh } from '../../core/generate/generate-on-mesh.ts'
import { neededTensors, openConfig } from '../../core/model/checkpoint.ts'
import { loadModel } from '../../core/model/load-model.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'

/** What the page is asked to run. */
export interface MeshRequest {
  /** Address of the model's folder. */
  model: string
  ranks: number
  /** Which kernels, where that is not to follow from the adapter. */
  kernels?: 'cpu' | 'gpu'
  prompts: number[][]
  maxNewTokens: number
}

/** What the page answers; one element of `answers` a prompt. */
export interface MeshAnswer {
  answers: { ids: number[]; entropies: number[]; error: string | null }[]
  /** Of each rank. */
  devices: { name: string; kind: 'cpu' | 'gpu'; dispatches: number }[]
}

/** Loads a model over devices of this page, a rank on each, and answers prompts greedily. */
export async function runMesh(request: MeshRequest): Promise<MeshAnswer> {
  const devices: Device[] = []
  for (let rank = 0; rank < request.ranks; rank++) devices.push(await openPageDevice(request.kernels))
  const files = httpModelFiles(request.model)
  const config = await openConfig(files, 'config.json is missing')
  const limits = { sequences: request.prompts.length, capacity: 256, topK: 5 }
  const weights = { where: request.model, entries: await openWeights(files, neededTensors(config)) }
  const { ranks: models } = await loadModel(devices, { config, weights, limits })
  const requests = request.prompts.map((promptIds, key) => ({ promptIds, key }))
  const generated = await generateOnMesh(models, requests, {
    maxNewTokens: request.maxNewTokens,
    stopIds: new Set(config.eosTokenIds),
    sampling: { temperature: 0, seed: 0 },
    topLogprobs: 5,
    tokenText: null,
  })
  const answer: MeshAnswer = {
    answers: generated
      .toSorted((a, b) => a.request.key - b.request.key)
      .map(({ generation: { tokens, error } }) => ({
        ids: tokens.map(token => token.id),
        entropies: tokens.map(token => token.entropyNats),
        error,
      })),
    devices: devices.map(({ adapterName: name, kind, counters: { dispatches } }) => ({
      name,
      kind,
      dispatches,
    })),
  }
  for (const device of devices) {
    // A validation error after the last reading would pass unseen.
    await device.idle()
    device.destroy()
  }
  return answer
}

/** A device of its own adapter: one adapter gives one device. */
async function openPageDevice(kernels: 'cpu' | 'gpu' | undefined): Promise<Device> {
  const adapter = await navigator.gpu.requestAdapter()
  if (!adapter) throw new Error('navigator.gpu found no adapter')
  return openDevice({ gpu: navigator.gpu, adapter }, kernels)
}
