import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { type Tensor, tensorFrom, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { ropeTable } from '../../kernels/rope/rope-table.ts'
import { type Activations, activationsOf, createActivations } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { forward } from './forward.ts'
import { createKeyValueCache, type KeyValueCache } from './key-value-cache.ts'
import type { ModelWeights } from './load-weights.ts'
import { type Sampling, type ScoredRow, TokenHead, type TokenScores } from './token-head.ts'

/** A token of some sequence, to be run through the model. */
export interface Row {
  tokenId: number
  /** Where it stands in its sequence, from 0. */
  position: number
  /** The cache slot of its sequence. */
  slot: number
}

/** What a model makes room for. */
export interface ModelRoom {
  /** Sequences at once: cache slots, and rows that can be scored in one step. */
  sequences: number
  /** Tokens of a sequence, prompt and answer together, at most. */
  capacity: number
  /** Largest logits that come back with every score. */
  topK: number
}

/** Tokens that a step takes at most, where there are not more sequences than that. */
const rowsOfStep = 512
/** Device memory for attention's partial results, at most. */
const attentionScratchBytes = 128 * 2 ** 20

/** A Qwen2 model on a device, with room for some sequences. */
export class LanguageModel {
  readonly device: Device
  readonly config: ModelConfig
  readonly room: ModelRoom
  /** Rows that one step takes at most. */
  readonly maxRows: number
  readonly #weights: ModelWeights
  readonly #cache: KeyValueCache
  readonly #activations: Activations
  readonly #ropeTable: Tensor
  readonly #head: TokenHead

  private constructor(
    device: Device,
    config: ModelConfig,
    weights: ModelWeights,
    room: ModelRoom,
    parts: ModelParts,
  ) {
    this.device = device
    this.config = config
    this.room = room
    this.#weights = weights
    this.#cache = parts.cache
    this.#activations = parts.activations
    this.#ropeTable = parts.table
    this.#head = parts.head
    this.maxRows = parts.activations.ids.shape[0] ?? 0
  }

  /** Makes the cache and the buffers. Throws OutOfMemoryError where the device has no room for them. */
  static async create(
    device: Device,
    config: ModelConfig,
    weights: ModelWeights,
    room: ModelRoom,
  ): Promise<LanguageModel> {
    const { sequences, capacity } = room
    const rows = Math.max(
      sequences,
      Math.min(rowsOfStep, sequences * capacity, attentionRows(config, capacity)),
    )
    const table = ropeTable(config.headDim, config.ropeTheta, capacity)
    return new LanguageModel(device, config, weights, room, {
      cache: await createKeyValueCache(device, config, sequences, capacity),
      activations: await createActivations(device, config, rows, capacity),
      table: await tensorFrom(device, 'rope table', [capacity, config.headDim / 2, 2], table),
      head: await TokenHead.create(device, weights.lmHead, sequences, room.topK),
    })
  }

  /**
   * Runs rows through the model: one submit, and one synchronisation where any row is scored. Returns the scores in the
   * order of `scored`. A row's numbers do not depend on the other rows of its step.
   */
  async step(rows: Row[], scored: ScoredRow[], sampling: Sampling): Promise<TokenScores[]> {
    if (rows.length > this.maxRows || scored.length > this.#head.maxRows)
      throw new Error(
        `step: ${rows.length} rows, ${scored.length} scored; room for ${this.maxRows} and ${this.#head.maxRows}`,
      )
    const activations = activationsOf(this.#activations, rows.length)
    uploadTensor(
      this.device,
      activations.ids,
      Uint32Array.from(rows, row => row.tokenId),
    )
    uploadTensor(
      this.device,
      activations.positions,
      Uint32Array.from(rows, row => row.position),
    )
    uploadTensor(
      this.device,
      activations.slots,
      Uint32Array.from(rows, row => row.slot),
    )
    const recorder = new Recorder(this.device, `step of ${rows.length}`)
    const normed = forward(this.device, recorder, {
      config: this.config,
      weights: this.#weights,
      ropeTable: this.#ropeTable,
      cache: this.#cache,
      activations,
      lastPosition: rows.reduce((last, row) => Math.max(last, row.position), 0),
    })
    if (scored.length > 0) this.#head.record(recorder, normed, scored, sampling)
    recorder.submit()
    return scored.length > 0 ? this.#head.read(scored.length, sampling) : []
  }
}

interface ModelParts {
  cache: KeyValueCache
  activations: Activations
  table: Tensor
  head: TokenHead
}

/** Rows whose attention over a full cache leaves partial results that fit. */
function attentionRows(config: ModelConfig, capacity: number): number {
  const stretches = Math.ceil(capacity / 128)
  return Math.floor(attentionScratchBytes / (config.heads * stretches * (config.headDim + 2) * 4))
}
