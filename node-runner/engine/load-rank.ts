import { createHash } from 'node:crypto'
import {
  type HashRow,
  type LoadedRank,
  type LoadRequest,
  loadingBytes,
  loadRank as loadRankOf,
} from '../../core/model/load-model.ts'
import type { Communicator } from '../../core/parallel/communicator.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { type ModelFolder, openModel } from '../models/open-model.ts'
import type { EngineJob } from './messages.ts'

/** SHA-256 of a row of a weight after its label, by Node. */
export const hashRow: HashRow = (label, row) => createHash('sha256').update(label).update(row).digest('hex')

/** Loads or makes a rank of a job's model. `onBytes` gets bytes as they are done; over a group they add up to loadingBytes. */
export async function loadRank(
  job: EngineJob,
  device: Device,
  communicator: Communicator,
  onBytes: (sizeBytes: number) => void,
): Promise<LoadedRank> {
  const folder = await openModel(job.model, job.loadFormat)
  try {
    return await loadRankOf(device, communicator, {
      ...loadRequest(job, folder),
      onBytes,
      hashRow,
      compilesAhead: true,
    })
  } finally {
    await folder.close()
  }
}

/** The config of a job's model, and the bytes that a group of `ranks` loads or makes. */
export async function describeLoading(job: EngineJob, ranks: number) {
  const folder = await openModel(job.model, job.loadFormat)
  await folder.close()
  return { config: folder.config, bytes: loadingBytes(loadRequest(job, folder), ranks) }
}

function loadRequest(
  { loadFormat, sampling, room }: EngineJob,
  { config, weights: entries, path }: ModelFolder,
): LoadRequest {
  const weights = loadFormat === 'dummy' ? { seed: sampling.seed } : { where: path, entries }
  return { config, weights, limits: room }
}
