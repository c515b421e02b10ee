import type { TensorEntry } from '../../core/files/safetensors.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import { LanguageModel, type ModelLimits } from '../../core/model/language-model.ts'
import type { ModelWeights } from '../../core/model/layout.ts'
import { loadWeights, type OnRows } from '../../core/model/weights.ts'
import { soloCommunicator } from '../../core/parallel/communicator.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import type { Device } from '../../kernels/gpu/device.ts'

/** Loads all of a model onto one device: one rank. */
export function loadWhole(
  device: Device,
  config: ModelConfig,
  entries: Map<string, TensorEntry>,
  where: string,
  onRows?: OnRows,
): Promise<ModelWeights> {
  return loadWeights(device, config, planShards(config, 1), entries, where, soloCommunicator(), onRows)
}

/** A model of one rank. */
export function createWhole(
  device: Device,
  config: ModelConfig,
  weights: ModelWeights,
  limits: ModelLimits,
): Promise<LanguageModel> {
  return LanguageModel.create(device, config, planShards(config, 1), weights, limits, soloCommunicator())
}
