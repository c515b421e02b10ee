import { createHash } from 'node:crypto'
import type { ModelConfig } from '../../core/model/config.ts'
import { LanguageModel, type ModelRoom } from '../../core/model/language-model.ts'
import { loadWeights, type ModelWeights, weightBytes } from '../../core/model/load-weights.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, openAdapter } from '../adapter/dawn.ts'
import type { ModelFolder } from '../files/open-model-folder.ts'
import type { Progress } from '../terminal/progress.ts'

/** A model's weights on a device. */
export interface LoadedModel {
  device: Device
  config: ModelConfig
  weights: ModelWeights
  /** SHA-256 over the names and bytes of the tensors in the order of loading. */
  weightDigest: string
}

/** Opens an adapter and loads a model folder's weights onto it, with a progress bar in bytes. */
export async function loadModel(
  folder: ModelFolder,
  choice: AdapterChoice,
  unsafeFast: boolean,
  progress: Progress,
): Promise<LoadedModel> {
  const device = await openDevice(await openAdapter(choice, { unsafeFast }))
  const hash = createHash('sha256')
  const bar = progress.start('loading weights', weightBytes(folder.config, folder.weights), 'bytes')
  try {
    const weights = await loadWeights(device, folder.config, folder.weights, folder.path, (name, bytes) => {
      hash.update(name).update(new Uint8Array(bytes))
      bar.advance(bytes.byteLength)
    })
    return { device, config: folder.config, weights, weightDigest: hash.digest('hex') }
  } catch (error) {
    device.destroy()
    throw error
  } finally {
    bar.stop()
  }
}

/** Makes room for sequences beside loaded weights. */
export function makeRoom(loaded: LoadedModel, room: ModelRoom): Promise<LanguageModel> {
  return LanguageModel.create(loaded.device, loaded.config, loaded.weights, room)
}
