import { choose } from '../../kernels/choose/choose.ts'
import {
  type EntropyStatistics,
  entropy,
  entropyPartialWords,
  entropyWords,
  readEntropyStatistics,
} from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import {
  createTensor,
  createTensorGroup,
  type Tensor,
  type TensorGroup,
  uploadTensor,
  viewTensor,
} from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { rank } from '../../kernels/rank/rank.ts'
import { readTopLogits, type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import type { RankGroup } from '../parallel/rank-group.ts'
import { mergeStatistics, mergeTop, noToken } from './merge-scores.ts'

/** How a step chooses its token. */
export interface Sampling {
  /** 0 chooses the likeliest. */
  temperature: number
  seed: number
}

/** A row whose next token is wanted: which row of the pass, and the keys of its noise. */
export interface ScoredRow {
  row: number
  /** Key of the sequence, the same wherever and with whomever it runs. */
  sequence: number
  /** Number of the step within the sequence. */
  step: number
}

/** What the device hands over of a row's logits. */
export interface TokenScores {
  statistics: EntropyStatistics
  /** The k largest logits, largest first, ties by the lower id. */
  top: TopLogit[]
  /** The token that was chosen, its logit, and how many tokens are likelier. */
  chosen: TopLogit & { rank: number }
}

/**
 * From final hidden states to token scores: logits, entropy, top-k and choice. Logits never leave the device: one small
 * buffer of scores does. Ranks that share the vocabulary exchange these scores, and each merges them to the same result.
 */
export class TokenHead {
  readonly #weight: PackedWeight
  readonly #firstId: number
  readonly #k: number
  readonly #vocabularyWidths: number[]
  readonly #buffers: HeadBuffers

  private constructor(weight: PackedWeight, options: TokenHeadOptions, buffers: HeadBuffers) {
    this.#weight = weight
    this.#firstId = options.firstId
    this.#k = options.k
    this.#vocabularyWidths = options.vocabularyWidths
    this.#buffers = buffers
  }

  /** Makes a head. `weight` is the rank's lm_head [V, D]. */
  static async create(device: Device, weight: PackedWeight, options: TokenHeadOptions): Promise<TokenHead> {
    const { rows, k } = options
    const { outputs: V, inputs: D } = weight
    return new TokenHead(weight, options, {
      selected: await createTensor(device, 'selected', 'f32', [rows, D]),
      logits: await createTensor(device, 'logits', 'f32', [rows, V]),
      entropyPartials: await createTensor(device, 'entropy partials', 'u32', [entropyPartialWords(rows, V)]),
      topCandidates: await createTensor(device, 'top candidates', 'u32', [topKCandidateWords(rows, V, k)]),
      sequences: await createTensor(device, 'sequence keys', 'u32', [rows]),
      steps: await createTensor(device, 'steps', 'u32', [rows]),
      ...(await createScores(device, rows, k)),
    })
  }

  /** Most rows that can be scored in one pass. */
  get maxRows(): number {
    return this.#buffers.logits.shape[0] ?? 0
  }

  /** Scores some rows of `normed` [N, D]: submits the group's recording and waits for the scores, then for the other ranks'. */
  async score(
    group: RankGroup,
    normed: Tensor,
    scored: ScoredRow[],
    sampling: Sampling,
  ): Promise<TokenScores[]> {
    const { device, exchange } = group
    const { scores, ranks, readable } = this.#buffers
    const samples = sampling.temperature > 0
    const ranksAtOnce = samples && exchange.ranks === 1
    this.#record(group, normed, scored, sampling)
    const { choices } = scores.tensors
    if (ranksAtOnce)
      rank(
        group.recorder,
        this.#logits(scored.length),
        rowsOf(choices, scored.length),
        rowsOf(ranks, scored.length),
      )
    group.recorder.copyBuffer(scores.buffer, 0, readable, 0, scores.sizeBytes)
    group.recorder.copyBuffer(ranks.buffer, 0, readable, scores.sizeBytes, scored.length * 4)
    group.recorder.submit()
    const bytes = await device.readMapped(readable, scores.sizeBytes + scored.length * 4)
    const gathered = await exchange.gather(new Uint8Array(bytes))
    const ofRanks = Array.from(
      { length: exchange.ranks },
      (_, from) => gathered.slice(from * bytes.byteLength, (from + 1) * bytes.byteLength).buffer,
    )
    const merged = scored.map((_, row) => this.#merge(ofRanks, row, samples))
    if (samples && !ranksAtOnce) await this.#countRanks(group, merged)
    return merged
  }

  #logits(rows: number): Tensor {
    return rowsOf(this.#buffers.logits, rows)
  }

  #record(group: RankGroup, normed: Tensor, scored: ScoredRow[], sampling: Sampling): void {
    const { device, recorder } = group
    const rows = scored.length
    const D = this.#weight.inputs
    const { scores, entropyPartials, topCandidates } = this.#buffers
    const { statistics, top, choices } = scores.tensors
    const hidden = rowsOf(this.#buffers.selected, rows) // [S, D]
    for (const [index, { row }] of scored.entries())
      recorder.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = this.#logits(rows)
    linear(device, recorder, hidden, this.#weight, logits) // logits [S, V]
    entropy(device, recorder, logits, entropyPartials, rowsOf(statistics, rows)) // [S, 8]
    topK(device, recorder, logits, topCandidates, rowsOf(top, rows)) // [S, k, 2]
    if (sampling.temperature === 0) return
    const sequences = rowsOf(this.#buffers.sequences, rows)
    const steps = rowsOf(this.#buffers.steps, rows)
    const keysOf = (key: (row: ScoredRow) => number) => Uint32Array.from(scored, key)
    uploadTensor(
      device,
      sequences,
      keysOf(row => row.sequence),
    )
    uploadTensor(
      device,
      steps,
      keysOf(row => row.step),
    )
    const firstId = this.#firstId
    choose(recorder, { logits, sequences, steps, choices: rowsOf(choices, rows), firstId, ...sampling }) // [S, 3]
  }

  /** Joins what every rank read of a row. */
  #merge(ofRanks: ArrayBuffer[], row: number, samples: boolean): TokenScores {
    const { scores } = this.#buffers
    const { statistics, top, choices } = scores.tensors
    const parts = ofRanks.map(bytes => readEntropyStatistics(bytes.slice(statistics.offsetBytes), row))
    const tops = ofRanks.map((bytes, from) => {
      const firstId = this.#vocabularyWidths.slice(0, from).reduce((sum, width) => sum + width, 0)
      const local = readTopLogits(bytes.slice(top.offsetBytes), row, this.#k)
      return local.map(({ id, logit }) => ({ id: id === noToken ? noToken : firstId + id, logit }))
    })
    const likeliest = mergeTop(tops, this.#k)
    const result = { statistics: mergeStatistics(parts, this.#vocabularyWidths), top: likeliest }
    if (!samples) return { ...result, chosen: { ...likeliest[0]!, rank: 0 } }
    const drawn = ofRanks.map(bytes => {
      const at = choices.offsetBytes + row * 12
      const [logit, score] = new Float32Array(bytes, at + 4, 2)
      const [rankOfToken] = new Uint32Array(bytes, scores.sizeBytes + row * 4, 1)
      return { id: new Uint32Array(bytes, at, 1)[0]!, logit: logit!, score: score!, rank: rankOfToken! }
    })
    const best = drawn.reduce((a, b) => (b.id !== noToken && (a.id === noToken || b.score > a.score) ? b : a))
    return { ...result, chosen: { id: best.id, logit: best.logit, rank: best.rank } }
  }

  /**
   * Counts the tokens likelier than each chosen one over all ranks. Where every chosen token is among the largest, which
   * every rank knows alike, nothing is asked; else it costs a second exchange.
   */
  async #countRanks(group: RankGroup, merged: TokenScores[]): Promise<void> {
    for (const { chosen, top } of merged) chosen.rank = top.findIndex(({ id }) => id === chosen.id)
    if (merged.every(({ chosen }) => chosen.rank >= 0)) return
    const { ranks, readable, scores } = this.#buffers
    const rows = merged.length
    const choices = rowsOf(scores.tensors.choices, rows)
    const words = new Uint32Array(rows * 3)
    for (const [row, { chosen }] of merged.entries()) {
      words[row * 3] = chosen.id
      new Float32Array(words.buffer)[row * 3 + 1] = chosen.logit
    }
    group.begin('ranks of chosen tokens')
    uploadTensor(group.device, choices, words)
    rank(group.recorder, this.#logits(rows), choices, rowsOf(ranks, rows), this.#firstId)
    group.recorder.copyBuffer(ranks.buffer, 0, readable, 0, rows * 4)
    group.recorder.submit()
    const mine = await group.device.readMapped(readable, rows * 4)
    const counts = new Uint32Array((await group.exchange.gather(new Uint8Array(mine))).buffer)
    for (const [row, { chosen }] of merged.entries()) {
      chosen.rank = 0
      for (let at = row; at < counts.length; at += rows) chosen.rank += counts[at]!
    }
  }
}

/** What a token head is made for. */
export interface TokenHeadOptions {
  /** Scored rows of a pass, at most. */
  rows: number
  /** Largest logits to hand over. */
  k: number
  /** Id of the first of this rank's logits. */
  firstId: number
  /** Numbers of logits of all ranks, in rank order. */
  vocabularyWidths: number[]
}

function rowsOf(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}

interface HeadBuffers extends ScoreBuffers {
  selected: Tensor
  logits: Tensor
  entropyPartials: Tensor
  topCandidates: Tensor
  sequences: Tensor
  steps: Tensor
}

interface ScoreBuffers {
  scores: TensorGroup<'statistics' | 'top' | 'choices'>
  /** Apart from the group, because WebGPU lets no dispatch read and write parts of one buffer. */
  ranks: Tensor
  readable: GPUBuffer
}

async function createScores(device: Device, rows: number, k: number): Promise<ScoreBuffers> {
  const scores = await createTensorGroup(device, 'scores', {
    statistics: { dtype: 'u32', shape: [rows, entropyWords] },
    top: { dtype: 'u32', shape: [rows, k, 2] },
    choices: { dtype: 'u32', shape: [rows, 3] },
  })
  const ranks = await createTensor(device, 'ranks', 'u32', [rows])
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const readable = await device.createBuffer('readable scores', scores.sizeBytes + rows * 4, usage)
  return { scores, ranks, readable }
}
