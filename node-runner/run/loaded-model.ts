import type { ModelConfig } from '../../core/model/config.ts'
import { LanguageModel, type ModelRoom } from '../../core/model/language-model.ts'
import { loadWeights, type ModelWeights, weightBytes } from '../../core/model/load-weights.ts'
import type { OnRows } from '../../core/model/weight-reader.ts'
import { soloExchange } from '../../core/parallel/exchange.ts'
import { planShards, type ShardPlan } from '../../core/parallel/plan-shards.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, openAdapter } from '../adapter/dawn.ts'
import type { ModelFolder } from '../files/open-model-folder.ts'
import type { Progress } from '../terminal/progress.ts'
import { WeightDigest } from './weight-digest.ts'

/** A model's weights on a device. */
export interface LoadedModel {
  device: Device
  config: ModelConfig
  plan: ShardPlan
  weights: ModelWeights
  /** See WeightDigest. */
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
  const plan = planShards(folder.config, 1)
  const digest = new WeightDigest()
  const bar = progress.start('loading weights', weightBytes(folder.config, folder.weights), 'bytes')
  const onRows: OnRows = (name, firstRow, rowBytes, bytes) => {
    digest.add(name, firstRow, rowBytes, bytes)
    bar.advance(bytes.byteLength)
  }
  const { config, weights: entries, path } = folder
  const weights = await loadWeights(device, config, plan, entries, path, soloExchange(), onRows)
  bar.stop()
  return { device, config, plan, weights, weightDigest: digest.hex }
}

/** Makes room for sequences beside loaded weights. */
export function makeRoom({ device, config, plan, weights }: LoadedModel, room: ModelRoom): Promise<LanguageModel> {
  return LanguageModel.create(device, config, plan, weights, room, soloExchange())
}
