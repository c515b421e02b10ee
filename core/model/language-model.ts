import { createHeadGroups } from '../../kernels/attention/attention.ts'
import { copySlots, type SlotCopy } from '../../kernels/copy-slots/copy-slots.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor, tensorFrom, uploadTensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import type { Communicator } from '../parallel/communicator.ts'
import { ownedKeyValueHeads, type Range, rankShard, type ShardPlan } from '../parallel/plan-shards.ts'
import { type Activations, activationsOf, createActivations } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { type ForwardPass, forward } from './forward.ts'
import { createTokenHead, type TokenHead } from './head.ts'
import { createKeyValueCache, mostSplits, sequenceRows } from './key-value-cache.ts'
import type { ModelWeights } from './layout.ts'
import { hasLongTurns, ropePlaces, ropeTable } from './rope-tables.ts'
import type { Sampling } from './sampling.ts'
import type { BeamScores, KnownScores, ScoredRow, SubmittedStep, TokenScores } from './scores.ts'
import { StepContext } from './step-context.ts'

/** A token of some sequence, to be run through the model. */
export interface Row {
  tokenId: number
  /** Where it stands in its sequence, from 0. */
  position: number
  /** The cache slot of its sequence. */
  slot: number
  /** Whether it turns by LongRoPE's long factors, as all rows of its sequence then do. */
  isLong?: boolean
}

/** A row of a step whose next token is wanted. */
export type StepScore = Omit<ScoredRow, 'slot'>

/** What a model makes room for. */
export interface ModelLimits {
  /** Sequences at once: cache slots, and rows that can be scored in one step. */
  sequences: number
  /** Tokens of a sequence, prompt and answer together, at most. */
  capacity: number
  /** Largest logits that come back with every score. */
  topK: number
  /** Rows of prompts that are scored at once, where what the model says of prompts is wanted; left out, as many as sequences. */
  promptRows?: number
}

/** Tokens that a step takes at most, where there are not more sequences than that. */
const rowsOfStep = 512
/** Device memory for attention's partial results, at most. */
const attentionScratchBytes = 128 * 2 ** 20

/** What a model computes with, on its device. */
interface ModelParts {
  pass: Omit<ForwardPass, 'activations' | 'lastPosition' | 'chosen'>
  activations: Activations
  head: TokenHead
  /** [sequences, 3] u32: copies of slots. */
  copyTable: Tensor
}

/** A rank of a Qwen2 model, or the whole of one, on a device, with room for some sequences. */
export class LanguageModel {
  readonly config: ModelConfig
  readonly limits: ModelLimits
  readonly context: StepContext
  /** Rows that one step takes at most. */
  readonly maxRows: number
  /** Those of one sequence among them. */
  readonly maxSequenceRows: number
  /** Steps that may be submitted before the first of them is read. */
  readonly stepsInFlight: number
  readonly #parts: ModelParts

  private constructor(config: ModelConfig, limits: ModelLimits, context: StepContext, parts: ModelParts) {
    this.config = config
    this.limits = limits
    this.context = context
    this.maxRows = parts.activations.ids.shape[0] ?? 0
    this.maxSequenceRows = sequenceRows(config, limits.capacity) ?? this.maxRows
    this.stepsInFlight = 1
    this.#parts = parts
  }

  /** Makes the cache and the buffers of a rank. Throws OutOfMemoryError where the device has no room for them. */
  static async create(
    device: Device,
    config: ModelConfig,
    plan: ShardPlan,
    weights: ModelWeights,
    limits: ModelLimits,
    communicator: Communicator,
  ): Promise<LanguageModel> {
    const { sequences, capacity } = limits
    const shard = plan.ranks[communicator.rank]!
    const rows = stepRows(config, limits)
    const context = await StepContext.create(device, communicator, rows, config.hiddenSize)
    return new LanguageModel(config, limits, context, {
      pass: {
        config,
        weights,
        cache: await createKeyValueCache(device, config, shard, sequences, capacity),
        heads: await createHeadGroups(device, shard.keyValueHeadOfQuery, shard.keyValueHeads.count),
        ropes: await createRopes(device, config, capacity),
        keyHeads: countedKeyHeads(plan, communicator.rank),
      },
      activations: await createActivations(device, config, shard, rows, capacity),
      copyTable: await createTensor(device, 'copies of slots', 'u32', [sequences, 3]),
      head: await createTokenHead(context, {
        weight: weights.lmHead,
        finish: logitsFinish(config),
        rows: scoredRows(limits),
        k: limits.topK,
        firstId: shard.vocabulary.first,
        vocabularyWidths: plan.ranks.map(({ vocabulary }) => vocabulary.count),
      }),
    })
  }

  /**
   * Runs rows through the model and returns the scores in the order of `scored`. Alone: one submit, and one
   * synchronisation where any row is scored. A row's numbers do not depend on the other rows of its step.
   */
  async submitStep(
    rows: readonly Row[],
    scored: readonly StepScore[],
    sampling: Sampling,
  ): Promise<SubmittedStep> {
    const scores = await this.step(rows, scored, sampling)
    return { read: async () => scores }
  }

  step(rows: readonly Row[], scored: readonly StepScore[], sampling: Sampling): Promise<TokenScores[]> {
    return this.#run(rows, scored, sampling.repetitionPenalty ?? 1, [], (normed, ofSlots) =>
      this.#parts.head.score(normed, ofSlots, sampling),
    )
  }

  /**
   * The same for beam search: first, slots take over others' keys and values. Alone: one submit and one synchronisation
   * where any row is scored, and three of each with a penalty.
   */
  stepBeams(
    rows: readonly Row[],
    scored: readonly StepScore[],
    penalty: number,
    copies: readonly SlotCopy[],
  ): Promise<BeamScores[]> {
    return this.#run(rows, scored, penalty, copies, (normed, ofSlots) =>
      this.#parts.head.scoreBeams(normed, ofSlots, penalty),
    )
  }

  /**
   * What rows of the last step say of the token that is known to follow each, whether they were scored or not. It comes after all
   * else that is asked of that step.
   */
  scoreKnown(known: readonly { row: number; id: number }[]): Promise<KnownScores[]> {
    const { head, activations } = this.#parts
    return head.scoreKnown(activations.normed, known)
  }

  /** Raw logits of tokens of rows that the last step scored. */
  logitsOf(wanted: readonly { row: number; id: number }[]): Promise<number[]> {
    return this.#parts.head.logitsOf(wanted)
  }

  /** How many tokens are likelier than one of each of some rows that the last step scored. */
  tokenRanksOf(chosen: ReadonlyMap<number, { id: number; logit: number }>): Promise<Map<number, number>> {
    return this.#parts.head.tokenRanksOf(chosen)
  }

  /** Records copies of slots and the forward pass, and has scored what is to be scored. */
  async #run<Scores>(
    rows: readonly Row[],
    scored: readonly StepScore[],
    penalty: number,
    copies: readonly SlotCopy[],
    score: (normed: Tensor, scored: ScoredRow[]) => Promise<Scores[]>,
  ): Promise<Scores[]> {
    const { pass, head, copyTable } = this.#parts
    this.#checkSequenceRows(rows)
    if (rows.length > this.maxRows || scored.length > head.rows)
      throw new Error(
        `step: ${rows.length} rows, ${scored.length} scored; room for ${this.maxRows} and ${head.rows}`,
      )
    const { stream, device } = this.context
    const activations = activationsOf(this.#parts.activations, rows.length)
    const upload = (to: Tensor, wordOf: (row: Row) => number) =>
      uploadTensor(device, to, Uint32Array.from(rows, wordOf))
    upload(activations.ids, row => row.tokenId)
    upload(activations.positions, row => row.position)
    upload(activations.slots, row => row.slot)
    // The long factors' angles follow the short ones'.
    if (pass.ropes.some(({ hasLongTurns }) => hasLongTurns))
      upload(activations.turns, ({ position, isLong }) => position + (isLong ? this.limits.capacity : 0))
    if (penalty !== 1) await head.takeRows(rows, copies)
    stream.begin(`step of ${rows.length}`)
    if (copies.length > 0) {
      const table = viewTensor(copyTable, [copies.length, 3])
      const words = copies.flatMap(({ from, to, length }) => [from, to, length])
      uploadTensor(device, table, Uint32Array.from(words))
      for (const layer of pass.cache.layers) copySlots(stream, layer, table, copies)
    }
    const lastPosition = rows.reduce((last, row) => Math.max(last, row.position), 0)
    const normed = await forward(this.context, { ...pass, activations, lastPosition, chosen: null })
    const ofSlots = scored.map(one => ({ ...one, slot: rows[one.row]!.slot }))
    if (ofSlots.length > 0) return score(normed, ofSlots)
    stream.submit()
    return []
  }

  /** Throws where rows of one sequence would have keys overwritten that others of them still see. */
  #checkSequenceRows(rows: readonly Row[]): void {
    if (this.maxSequenceRows >= rows.length) return
    for (const [slot, own] of Map.groupBy(rows, row => row.slot))
      if (own.length > this.maxSequenceRows)
        throw new Error(`step: ${own.length} rows of slot ${slot}, expected at most ${this.maxSequenceRows}`)
  }
}

/** The key heads of a rank, counted among its own, that no rank before it holds too. */
function countedKeyHeads(plan: ShardPlan, rank: number): Range {
  const { first, count } = ownedKeyValueHeads(plan, rank)
  return { first: first - rankShard(plan, rank).keyValueHeads.first, count }
}

/** What becomes of the products that logits are made of; undefined where they are the logits. */
function logitsFinish({ logitsScale: scale, logitsCap: cap }: ModelConfig) {
  return scale === 1 && cap === null ? undefined : { scale, cap }
}

/** Makes the tables of a model's rotations for sequences of at most `capacity` tokens. */
async function createRopes(
  device: Device,
  { ropes }: ModelConfig,
  capacity: number,
): Promise<ForwardPass['ropes']> {
  const made: ForwardPass['ropes'] = []
  for (const rope of ropes) {
    const shape = [ropePlaces(rope, capacity), rope.width / 2, 2]
    const table = await tensorFrom(device, 'rope table', shape, ropeTable(rope, capacity))
    made.push({ table, hasLongTurns: hasLongTurns(rope, capacity) })
  }
  return made
}

/** Rows whose logits a model has room for at once. */
export function scoredRows({ sequences, promptRows = 0 }: ModelLimits): number {
  return Math.max(sequences, promptRows)
}

/** Rows that one step of a model takes: those whose attention over a full cache leaves partial results that fit. */
export function stepRows(config: ModelConfig, { sequences, capacity }: ModelLimits): number {
  const rowBytes = config.heads * mostSplits(config, capacity) * (config.headDim + 2) * 4
  const scratchRows = Math.floor(attentionScratchBytes / rowBytes)
  return Math.max(sequences, Math.min(rowsOfStep, sequences * capacity, scratchRows))
}
