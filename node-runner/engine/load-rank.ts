import { createHash } from 'node:crypto'
import type { ModelConfig } from '../../core/model/config.ts'
import { createDummyWeights } from '../../core/model/dummy-weights.ts'
import { loadWeights, type ModelWeights, weightBytes } from '../../core/model/load-weights.ts'
import type { Exchange } from '../../core/parallel/exchange.ts'
import { planShards } from '../../core/parallel/plan-shards.ts'
import { rankWeightBytes } from '../../core/parallel/rank-weight-bytes.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { openModel } from '../files/open-model.ts'
import { WeightDigest } from '../run/weight-digest.ts'
import type { EngineJob } from './messages.ts'

/** A rank's weights, and the rank's share of the model's digest. */
export interface LoadedRank {
  config: ModelConfig
  weights: ModelWeights
  weightDigest: string
}

/** Loads or makes a rank's weights. `onBytes` gets bytes as they are done; over a group they add up to loadingBytes. */
export async function loadRank(
  job: EngineJob,
  device: Device,
  exchange: Exchange,
  onBytes: (sizeBytes: number) => void,
): Promise<LoadedRank> {
  const folder = await openModel(job.model, job.loadFormat)
  try {
    const { config, weights: entries, path } = folder
    const plan = planShards(config, exchange.ranks)
    if (job.loadFormat === 'dummy') {
      const { seed } = job.sampling
      const weights = await createDummyWeights(device, config, plan, exchange.rank, seed, onBytes)
      // The numbers follow from the config and the seed; one rank speaks for all.
      const name = createHash('sha256')
        .update(JSON.stringify(['dummy', seed, config]))
        .digest('hex')
      return { config, weights, weightDigest: exchange.rank === 0 ? name : '0' }
    }
    const digest = new WeightDigest()
    const weights = await loadWeights(
      device,
      config,
      plan,
      entries,
      path,
      exchange,
      (name, firstRow, rowBytes, bytes) => {
        digest.add(name, firstRow, rowBytes, bytes)
        onBytes(bytes.byteLength)
      },
    )
    return { config, weights, weightDigest: digest.hex }
  } finally {
    await folder.close()
  }
}

/** The config of a job's model, and the bytes that a group of `ranks` loads or makes. */
export async function describeLoading(
  job: EngineJob,
  ranks: number,
): Promise<{ config: ModelConfig; bytes: number }> {
  const folder = await openModel(job.model, job.loadFormat)
  const { config, weights: entries } = folder
  await folder.close()
  if (job.loadFormat === 'auto') return { config, bytes: weightBytes(config, entries) }
  const plan = planShards(config, ranks)
  const bytes = plan.ranks.reduce(
    (sum, { rank }) => sum + rankWeightBytes(config, plan, rank, config.dtype ?? 'bf16'),
    0,
  )
  return { config, bytes }
}
