/// <reference lib="esnext.disposable" preserve="true" />
import type { Device } from '../../kernels/gpu/device.ts'
import { histogramWords } from '../../kernels/mass-histogram/mass-histogram.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import { DigestSum, quickSha256, sha256 } from '../files/sha256.ts'
import { type Communicator, localCommunicators } from '../parallel/communicator.ts'
import { planShards, type ShardPlan } from '../parallel/plan-shards.ts'
import { weightBytes } from './checkpoint.ts'
import type { ModelConfig } from './config.ts'
import { LanguageModel, type ModelLimits, scoredRows, stepRows } from './language-model.ts'
import { type ModelWeights, rankWeightBytes } from './layout.ts'
import { scoreBytes } from './scores.ts'
import { type LoadTimes, type OnRows, placeWeights } from './weights.ts'

/** What a model is loaded from, and for what. */
export interface LoadRequest {
  config: ModelConfig
  /** The tensors of a checkpoint, which messages call `where`; or the seed of random ones, so that no checkpoint is needed. */
  weights: { where: string; entries: ReadonlyMap<string, TensorEntry> } | { seed: number }
  limits: ModelLimits
  /** Gets bytes as they are read or made, over all ranks `loadingBytes`. */
  onBytes?: (sizeBytes: number) => void
  /** What digests the rows of a checkpoint; without it they have no digest. */
  hashRow?: HashRow
  /** Whether the kernels of the usual steps are compiled meanwhile: for who runs many; without it each is when it is first needed. */
  compilesAhead?: boolean
  /** Gets the times of loading added; of one rank, since ranks load at the same time. */
  times?: LoadTimes
}

/**
 * Bytes that loading tells of over all ranks: those of the checkpoint's tensors, or of the buffers of random ones. Throws InputError for a
 * number of ranks that cannot be served.
 */
export function loadingBytes({ config, weights }: LoadRequest, ranks: number): number {
  const plan = planShards(config, ranks)
  if ('entries' in weights) return weightBytes(config, weights.entries)
  const dtype = config.dtype ?? 'bf16'
  return plan.ranks.reduce((sum, { rank }) => sum + rankWeightBytes(config, plan, rank, dtype), 0)
}

/** A rank's part of a model on its device. */
export interface LoadedRank {
  model: LanguageModel
  /** Its share of the digest of the weights, which is the sum of all ranks' shares: 64 hexadecimal digits. */
  weightDigest: string
  /** Gives back every buffer that was made on the device since loading began. */
  close(): void
}

/**
 * Loads one rank of a model, whose other ranks load at the same time. What is made on the device until the model is closed
 * goes with it: of several models on one device the last loaded is closed first. Throws InputError for tensors that do
 * not fit the config, OutOfMemoryError where the device has no room.
 */
export async function loadRank(
  device: Device,
  communicator: Communicator,
  request: LoadRequest,
): Promise<LoadedRank> {
  const before = new Set(device.buffers)
  const close = () => {
    for (const buffer of device.buffers) if (!before.has(buffer)) device.destroyBuffer(buffer)
  }
  try {
    const { config, limits } = request
    const plan = planShards(config, communicator.ranks)
    const startMs = performance.now()
    const { weights, fill } = await obtainWeights(device, plan, communicator, request)
    const model = await LanguageModel.create(device, config, plan, weights, limits, communicator)
    const weightDigest = await (request.compilesAhead ? besideCompiling(model, fill, request.times) : fill())
    if (request.times) request.times.totalMs += performance.now() - startMs
    return { model, weightDigest, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Fills a model's weights while its kernels are compiled. */
async function besideCompiling<T>(
  model: LanguageModel,
  fill: () => Promise<T>,
  times: LoadTimes | undefined,
): Promise<T> {
  const startMs = performance.now()
  const compiled = model.compileAhead().then(() => {
    if (times) times.compileMs += performance.now() - startMs
  })
  // What cannot be compiled is told by the step that needs it; a device must not go while it compiles.
  const [filled] = await Promise.allSettled([fill(), compiled])
  if (filled.status === 'rejected') throw filled.reason
  return filled.value
}

/** Makes room for a rank's weights, which `fill` then reads and digests; of a seed they are made at once. */
async function obtainWeights(
  device: Device,
  plan: ShardPlan,
  communicator: Communicator,
  { config, weights: from, onBytes = () => {}, hashRow, times }: LoadRequest,
): Promise<{ weights: ModelWeights; fill: () => Promise<string> }> {
  const { rank } = communicator
  if ('seed' in from) {
    // A page has no use for them, and need not load their code.
    const { createDummyWeights, dummyName } = await import('./dummy-weights.ts')
    const weights = await createDummyWeights(device, config, plan, rank, from.seed, onBytes)
    // The numbers follow from the config and the seed; one rank speaks for all.
    const name = new TextEncoder().encode(dummyName(config, from.seed))
    return { weights, fill: async () => (rank === 0 ? sha256(name) : new DigestSum().hex) }
  }
  const digest = new WeightDigest(hashRow)
  const { where, entries } = from
  const onRows: OnRows = (...rows) => {
    digest.add(...rows)
    onBytes(rows[3].byteLength)
  }
  const read = await placeWeights(device, config, plan, entries, where, communicator, onRows, times)
  return { weights: read.weights, fill: () => read.fill().then(() => digest.finish()) }
}

/** A model on devices of this thread. It owns the buffers that it made on them, until it is closed. */
export interface LoadedModel extends AsyncDisposable {
  config: ModelConfig
  limits: ModelLimits
  /** One a device, in their order. */
  ranks: LanguageModel[]
  /** What each device's adapter is called. */
  adapterNames: string[]
  /** As run.json has it: 64 hexadecimal digits, the same over any number of devices. */
  weightDigest: string
  /** Gives back all memory of the devices that the model took. It cannot be used any more. */
  close(): Promise<void>
}

/**
 * Loads a model over devices of this thread, a rank on each: one device, several adapters, or several devices of one. What
 * holds for loadRank and its device holds for each. Throws as loadRank does, and InputError for a number of devices that cannot
 * be served.
 */
export async function loadModel(devices: readonly Device[], request: LoadRequest): Promise<LoadedModel> {
  const { config, limits } = request
  const communicators = localCommunicators(devices.length, communicatorSlotBytes(config, limits))
  const loaded = await runTogether(
    devices.map((device, rank) => () => loadRank(device, communicators[rank]!, request)),
    reason => communicators[0]!.abort(reason),
  )
  const digest = new DigestSum()
  for (const { weightDigest } of loaded) digest.addHex(weightDigest)
  const close = async () => {
    for (const rank of loaded) rank.close()
  }
  return {
    config,
    limits,
    ranks: loaded.map(({ model }) => model),
    adapterNames: devices.map(({ adapterName }) => adapterName),
    weightDigest: digest.hex,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Runs every rank's work; the first failure aborts the others, and is the one that is thrown. */
export async function runTogether<T>(
  work: readonly (() => Promise<T>)[],
  abort: (reason: string) => void,
): Promise<T[]> {
  let failure: { error: unknown } | null = null
  const results = await Promise.allSettled(
    work.map(run =>
      run().catch(error => {
        failure ??= { error }
        abort(String(error))
        throw error
      }),
    ),
  )
  if (failure) throw (failure as { error: unknown }).error
  return results.map(result => (result as PromiseFulfilledResult<T>).value)
}

/** Bytes of a slot, so that loading moves some rows at a time whatever the model. */
const loadingSlotBytes = 8 * 2 ** 20

/** Bytes that one rank hands over at most while a model runs and loads: the largest partial sum, or a piece of a weight. */
export function communicatorSlotBytes(config: ModelConfig, limits: ModelLimits): number {
  const { sequences, topK } = limits
  const partialSum = stepRows(config, limits) * config.hiddenSize * 4
  const scores = Math.max(scoreBytes(scoredRows(limits), topK), sequences * histogramWords * 4)
  const weightRow = Math.max(config.intermediateSize, config.heads * config.headDim) * 4
  return Math.max(loadingSlotBytes, partialSum, scores, weightRow)
}

/**
 * SHA-256 of a row of a weight, after a label that says which one it is: 64 hexadecimal digits, at once or later. The row's memory
 * is another's as soon as the function returns.
 */
export type HashRow = (label: string, row: Uint8Array) => string | Promise<string>

const encoder = new TextEncoder()

/** Hashes a row as the platform does, which for a browser is quickest. */
export const hashRow: HashRow = (label, row) => {
  const start = encoder.encode(label)
  const message = new Uint8Array(start.length + row.length)
  message.set(start)
  message.set(row, start.length)
  return quickSha256(message)
}

/**
 * A digest of a model's weights that does not depend on who reads which row: the sum, modulo 2²⁵⁶, of SHA-256 over each
 * tensor's name, row number and row. Ranks digest what they read; the sum of their digests is that of the model.
 */
export class WeightDigest extends DigestSum {
  /** Without it nothing is taken in. */
  readonly #hashRow: HashRow | undefined
  /** Settles when all rows so far are digested. */
  #digested: Promise<unknown> = Promise.resolve()

  constructor(hashRow?: HashRow) {
    super()
    this.#hashRow = hashRow
  }

  /** Takes whole rows of a tensor in. */
  add(tensorName: string, firstRow: number, rowBytes: number, bytes: Uint8Array): void {
    if (!this.#hashRow) return
    for (let at = 0, row = firstRow; at < bytes.length; at += rowBytes, row++) {
      const digest = this.#hashRow(`${tensorName}\0${row}\0`, bytes.subarray(at, at + rowBytes))
      if (typeof digest === 'string') this.addHex(digest)
      else this.#digested = Promise.all([this.#digested, digest.then(hex => this.addHex(hex))])
    }
    // Whoever finishes is told.
    this.#digested.catch(() => {})
  }

  /** The digest of all rows, once they are digested. */
  async finish(): Promise<string> {
    await this.#digested
    return this.hex
  }
}
