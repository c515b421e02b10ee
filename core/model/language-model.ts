import { attentionSplits, createHeadGroups } from '../../kernels/attention/attention.ts'
import { copySlots, type SlotCopy } from '../../kernels/copy-slots/copy-slots.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Stage } from '../../kernels/gpu/plan.ts'
import { createTensor, type Tensor, tensorFrom, uploadTensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { type ChosenTokens, isKnownToken } from '../../kernels/shared/row-token.ts'
import type { Communicator } from '../parallel/communicator.ts'
import { ownedKeyValueHeads, type Range, rankShard, type ShardPlan } from '../parallel/plan-shards.ts'
import { type ActivationBuffers, activationsOf, createActivations } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { type ForwardPass, forward } from './forward.ts'
import { createTokenHead, type TokenHead } from './head.ts'
import { createKeyValueCache, mostSplits, sequenceRows } from './key-value-cache.ts'
import type { ModelWeights } from './layout.ts'
import { RecentlyUsed } from './recently-used.ts'
import { hasLongTurns, ropePlaces, ropeTable } from './rope-tables.ts'
import { planProcessing, type Sampling } from './sampling.ts'
import {
  type BeamScores,
  type KnownScores,
  type ScoredRow,
  type ScoreReading,
  stepsInFlight,
  type TokenScores,
} from './scores.ts'
import { StepContext, type StepPlan } from './step-context.ts'
import { createInputs, StepInputs } from './step-inputs.ts'

/** A token of some sequence, to be run through the model. */
export interface Row {
  /** The token; or `chosenBefore` that which the step before, which need not have been read, chose in one of its scored rows. */
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
  activations: ActivationBuffers
  /** What the device is told of a step's rows. */
  inputs: Tensor
  head: TokenHead
  /** [sequences, 3] u32: copies of slots. */
  copyTable: Tensor
}

/** A step that was submitted, and whose scores are still to be read. */
export interface StepInFlight<Scores> {
  /**
   * Waits for the scores. To be called once at most, in the order of the steps, and before so many steps are submitted behind this
   * one that more are in flight than the model takes.
   */
  read(): Promise<Scores[]>
}

/** Steps of as many rows, that read as many keys and are scored alike: what was recorded once. */
interface KeptStep {
  key: readonly [mode: number, rows: number, scored: number, splits: number]
  plan: StepPlan
  inputs: StepInputs
  /** Null where nothing is scored. */
  reading: ScoreReading | null
}

/** Plans that a model keeps: as many as 64 sequences that end one after another ask for. */
const keptPlans = 64

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
  readonly #kept = new RecentlyUsed<KeptStep>(keptPlans)
  readonly #modes = new ScoringModes()
  /** Counts steps that are read. */
  #turn = 0
  /** Where the last step leaves what it chooses; null where it chooses nothing on the device. */
  #chosen: ChosenTokens | null = null

  private constructor(config: ModelConfig, limits: ModelLimits, context: StepContext, parts: ModelParts) {
    this.config = config
    this.limits = limits
    this.context = context
    this.maxRows = parts.activations.hidden.shape[0] ?? 0
    this.maxSequenceRows = sequenceRows(config, limits.capacity) ?? this.maxRows
    this.stepsInFlight = stepsInFlight(context.communicator.ranks)
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
      inputs: await createInputs(device, rows, scoredRows(limits)),
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
   * Compiles the kernels of the usual steps side by side, so that the first of them need not wait for one after another:
   * one sequence and all that decode, and as many rows of prompts as a step takes. Weights need not be there yet.
   */
  compileAhead(): Promise<void> {
    const { sequences, capacity } = this.limits
    const decoding = [1, sequences].map(rows => ({ rows, scored: rows, areAll: true }))
    const usual = [...decoding, { rows: this.maxRows, scored: 1, areAll: false }]
    return this.context.compileAhead(() => {
      // Attention over few keys and over many.
      for (const { rows, scored, areAll } of usual)
        for (const lastPosition of [0, capacity - 1])
          this.#recordStep(
            new StepInputs(this.#parts.inputs, rows, scored),
            scored,
            { areAll, marks: false, lastPosition },
            likeliest,
          )
    })
  }

  /**
   * Runs rows through the model and returns the scores in the order of `scored`. Alone: one submit, and one
   * synchronisation where any row is scored. A row's numbers do not depend on the other rows of its step.
   */
  async step(rows: readonly Row[], scored: readonly StepScore[], sampling: Sampling): Promise<TokenScores[]> {
    return (await this.submitStep(rows, scored, sampling)).read()
  }

  /**
   * The same in two halves: it is submitted when this resolves, and `stepsInFlight` of them may be before the first is read. What is
   * asked of the last step (`logitsOf`, `tokenRanksOf`, `scoreKnown`) is of the last that was submitted.
   */
  async submitStep(
    rows: readonly Row[],
    scored: readonly StepScore[],
    sampling: Sampling,
  ): Promise<StepInFlight<TokenScores>> {
    const ofSlots = withSlots(rows, scored)
    const penalty = sampling.repetitionPenalty ?? 1
    const { inputs, scores } = await this.#submit(rows, ofSlots, sampling, penalty, [])
    return {
      read: async () => this.#parts.head.finish(await scores(), ofSlots, inputs.tensors, sampling),
    }
  }

  /**
   * The same for beam search: first, slots take over others' keys and values. Alone: one submit and one synchronisation
   * where any row is scored, and three of each with a penalty.
   */
  async stepBeams(
    rows: readonly Row[],
    scored: readonly StepScore[],
    penalty: number,
    copies: readonly SlotCopy[],
  ): Promise<BeamScores[]> {
    const ofSlots = withSlots(rows, scored)
    const { inputs, scores } = await this.#submit(rows, ofSlots, likeliest, penalty, copies)
    return this.#parts.head.finishBeams(await scores(), inputs.tensors, penalty)
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

  /**
   * Tells the device of the rows, and submits the plan of such a step, which is made where none is kept. Its scores are read from the
   * buffer whose turn it is, so that the next step's need not wait for them.
   */
  async #submit(
    rows: readonly Row[],
    scored: readonly ScoredRow[],
    sampling: Sampling,
    penalty: number,
    copies: readonly SlotCopy[],
  ): Promise<{ inputs: StepInputs; scores: () => Promise<TokenScores[]> }> {
    const { head, pass, copyTable } = this.#parts
    const { stream, device } = this.context
    const { capacity } = this.limits
    this.#checkSequenceRows(rows)
    if (rows.length > this.maxRows || scored.length > head.rows)
      throw new Error(
        `step: ${rows.length} rows, ${scored.length} scored; room for ${this.maxRows} and ${head.rows}`,
      )
    let lastPosition = 0
    let areKnown = true
    for (const { tokenId, position } of rows) {
      if (position > lastPosition) lastPosition = position
      if (!isKnownToken(tokenId)) areKnown = false
    }
    const chosen = head.chosenTokens(this.#modes.chooses(sampling))
    if (!areKnown && (chosen === null || chosen !== this.#chosen))
      throw new Error('step: takes tokens that the step before did not choose, or not on this device')
    if (lastPosition >= capacity)
      throw new Error(
        `step: position ${lastPosition}, expected one below the cache's capacity of ${capacity}`,
      )
    if (penalty !== 1 || this.#modes.processes(sampling)) {
      const { takeRows } = await head.logitProcessor()
      if (penalty !== 1) takeRows(rows, copies)
    }
    const kept = this.#keptStep(rows, scored, sampling, penalty !== 1, lastPosition)
    kept.inputs.write(device, rows, scored, capacity)
    const before: Stage[] = []
    if (copies.length > 0) {
      const table = viewTensor(copyTable, [copies.length, 3])
      const words = copies.flatMap(({ from, to, length }) => [from, to, length])
      uploadTensor(device, table, Uint32Array.from(words))
      stream.begin(`${copies.length} copies of slots`)
      for (const layer of pass.cache.layers) copySlots(stream, layer, table, copies)
      before.push(stream.stage())
    }
    const { reading, inputs, plan } = kept
    this.#chosen = reading && chosen
    if (!reading) {
      await this.context.run(plan, before)
      return { inputs, scores: async () => [] }
    }
    const { readable, copies: copyScores } = reading.turns[this.#turn++ % reading.turns.length]!
    await this.context.run(plan, before, [copyScores])
    const scores = async () => reading.merge(await this.context.readAndGather(readable, reading.sizeBytes))
    return { inputs, scores }
  }

  /** The plan of steps like this one. */
  #keptStep(
    rows: readonly Row[],
    scored: readonly ScoredRow[],
    sampling: Sampling,
    marks: boolean,
    lastPosition: number,
  ): KeptStep {
    const areAll = scored.length === rows.length && scored.every(({ row }, index) => row === index)
    // The CPU adapter's attention has no splits.
    const splits = this.context.device.kind === 'cpu' ? 1 : attentionSplits(lastPosition + 1, null)
    const scoring = scored.length === 0 ? 0 : this.#modes.indexOf(sampling) * 2 + (areAll ? 1 : 0)
    const mode = scoring * 2 + (marks ? 1 : 0)
    const key = [mode, rows.length, scored.length, splits] as const
    const found = this.#kept.find(one => isSameKey(one.key, key))
    if (found) return found
    const made = this.#planStep(key, { areAll, marks, lastPosition }, sampling)
    this.#kept.add(made)?.plan.destroy()
    return made
  }

  /** Makes the plan of a step of so many rows. */
  #planStep(
    key: KeptStep['key'],
    of: { areAll: boolean; marks: boolean; lastPosition: number },
    sampling: Sampling,
  ): KeptStep {
    const [, rows, scored] = key
    const inputs = new StepInputs(this.#parts.inputs, rows, scored)
    let reading: ScoreReading | null = null
    const plan = this.context.plan(`step of ${rows}`, () => {
      reading = this.#recordStep(inputs, scored, of, sampling)
    })
    return { key, plan, inputs, reading }
  }

  /** Records the forward pass and the scores of a step. */
  #recordStep(
    inputs: StepInputs,
    scored: number,
    { areAll, marks, lastPosition }: { areAll: boolean; marks: boolean; lastPosition: number },
    sampling: Sampling,
  ): ScoreReading | null {
    const { pass, head } = this.#parts
    const activations = activationsOf(this.#parts.activations, inputs.tensors)
    const chosen = head.chosenTokens(this.#modes.chooses(sampling))
    if (marks) head.markSeen(inputs.tensors, chosen)
    const normed = forward(this.context, { ...pass, activations, lastPosition, chosen })
    return scored > 0 ? head.record(normed, inputs.tensors, areAll, sampling) : null
  }

  /** Throws where rows of one sequence would have keys overwritten that others of them still see. */
  #checkSequenceRows(rows: readonly Row[]): void {
    if (this.maxSequenceRows >= rows.length) return
    for (const [slot, own] of Map.groupBy(rows, row => row.slot))
      if (own.length > this.maxSequenceRows)
        throw new Error(`step: ${own.length} rows of slot ${slot}, expected at most ${this.maxSequenceRows}`)
  }
}

function isSameKey(one: KeptStep['key'], other: KeptStep['key']): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

/** Beams choose on the host. */
const likeliest: Sampling = { temperature: 0, seed: 0 }

/** Rows with the slots of their sequences. */
function withSlots(rows: readonly Row[], scored: readonly StepScore[]): ScoredRow[] {
  return scored.map(({ row, sequence, step }) => ({ row, sequence, step, slot: rows[row]!.slot }))
}

interface ScoringMode {
  /** From 1 on. */
  index: number
  processes: boolean
  chooses: boolean
}

/** Numbers of the ways in which steps are scored: those that record the same have one. */
class ScoringModes {
  readonly #modes = new Map<string, ScoringMode>()
  #last: { sampling: Sampling; mode: ScoringMode } | null = null

  /** From 1 on. */
  indexOf(sampling: Sampling): number {
    return this.#modeOf(sampling).index
  }

  /** Whether logits are processed. */
  processes(sampling: Sampling): boolean {
    return this.#modeOf(sampling).processes
  }

  /** Whether a token is chosen that need not be the likeliest of the raw logits. */
  chooses(sampling: Sampling): boolean {
    return this.#modeOf(sampling).chooses
  }

  #modeOf(sampling: Sampling) {
    if (this.#last?.sampling === sampling) return this.#last.mode
    const { processes, chooses } = planProcessing(sampling)
    const { temperature, seed, topK, topP, minP, repetitionPenalty } = sampling
    const settings = chooses ? [temperature, seed, topK, topP, minP, repetitionPenalty] : []
    const name = JSON.stringify(settings)
    let mode = this.#modes.get(name)
    if (!mode) this.#modes.set(name, (mode = { index: this.#modes.size + 1, processes, chooses }))
    this.#last = { sampling, mode }
    return mode
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
