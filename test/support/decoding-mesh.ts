import { type BeamSettings, generateBeams } from '../../core/generate/beam-search.ts'
import type { GenerateOptions, Generation, SequenceRequest } from '../../core/generate/generate.ts'
import { generateOnMesh } from '../../core/generate/generate-on-mesh.ts'
import type { LanguageModel, ModelLimits } from '../../core/model/language-model.ts'
import { loadModel } from '../../core/model/load-model.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../../node-runner/models/open-model.ts'

/**
 * A device of the CPU adapter for each of so many ranks: the same one, so that a kernel is compiled once, which takes longer
 * there than what small models compute. Ranks share nothing on it but that and the order of the queue. Ranks with a device
 * of their own are those of `golden.test.ts`, of `load-model.test.ts` and of every command.
 */
export async function openDevices(ranks: number, kernels?: 'cpu' | 'gpu'): Promise<Device[]> {
  return new Array(ranks).fill(await openDevice(await openAdapter('cpu'), kernels))
}

/** A model of a folder, a rank on each device. */
export async function loadMesh(
  devices: readonly Device[],
  folder: string,
  limits: ModelLimits,
): Promise<LanguageModel[]> {
  const files = await openModelFolder(folder)
  try {
    const weights = { where: folder, entries: files.weights }
    return (await loadModel(devices, { config: files.config, weights, limits })).ranks
  } finally {
    await files.close()
  }
}

/** Answers of beam search by the keys of their requests, each rank deriving the same; rank 0's. */
export async function beamAnswersOf(
  models: readonly LanguageModel[],
  requests: readonly SequenceRequest[],
  options: GenerateOptions,
  beams: BeamSettings,
): Promise<Map<number, Generation>> {
  const all = await Promise.all(
    models.map(async model => {
      const own = new Map<number, Generation>()
      for await (const { request, generation } of generateBeams(model, requests, options, beams))
        own.set(request.key, generation)
      return new Map([...own].sort(([a], [b]) => a - b))
    }),
  )
  return all[0]!
}

/** Answers by the keys of their requests. */
export async function answersOf(
  models: readonly LanguageModel[],
  requests: readonly SequenceRequest[],
  options: GenerateOptions,
): Promise<Map<number, Generation>> {
  const answers = await generateOnMesh(models, requests, options)
  return new Map(
    answers
      .sort((a, b) => a.request.key - b.request.key)
      .map(({ request, generation }) => [request.key, generation]),
  )
}
