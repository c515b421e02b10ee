import { choiceWords, choose } from '../../kernels/choose/choose.ts'
import { entropy } from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { rank } from '../../kernels/rank/rank.ts'
import { type TopLogit, topK } from '../../kernels/top-k/top-k.ts'
import type { RankGroup } from '../parallel/rank-group.ts'
import { createHeadBuffers, type HeadBuffers, rowsOf, type TokenHeadOptions } from './head-buffers.ts'
import { LogitProcessor } from './logit-processor.ts'
import { planProcessing, type Sampling } from './sampling.ts'
import { ScoreReader } from './score-reader.ts'
import type { SeenRow } from './seen-tokens.ts'
import type { BeamScores, ScoredRow, TokenScores } from './token-scores.ts'

/**
 * From final hidden states to token scores: logits, entropy, top-k and choice. Logits never leave the device: one small
 * buffer of scores does. Ranks that share the vocabulary exchange these scores, and each merges them to the same result.
 */
export class TokenHead {
  readonly #weight: PackedWeight
  readonly #firstId: number
  readonly #vocabularyWidths: number[]
  readonly #buffers: HeadBuffers
  readonly #reader: ScoreReader
  /** Made when it is first asked for: most runs leave logits as they are. */
  #processor: LogitProcessor | null = null

  private constructor(weight: PackedWeight, options: TokenHeadOptions, buffers: HeadBuffers) {
    this.#weight = weight
    this.#firstId = options.firstId
    this.#reader = new ScoreReader(buffers.scores, options)
    this.#vocabularyWidths = options.vocabularyWidths
    this.#buffers = buffers
  }

  /** Makes a head. `weight` is the rank's lm_head [V, D]. */
  static async create(device: Device, weight: PackedWeight, options: TokenHeadOptions): Promise<TokenHead> {
    return new TokenHead(
      weight,
      options,
      await createHeadBuffers(device, weight.outputs, weight.inputs, options),
    )
  }

  /** Most rows that can be scored in one pass. */
  get maxRows(): number {
    return this.#buffers.logits.shape[0] ?? 0
  }

  /** Takes the rows of a step whose logits will be penalised for what their sequences hold. */
  async takeRows(
    device: Device,
    rows: readonly SeenRow[],
    copies: readonly { from: number; to: number }[],
  ): Promise<void> {
    const { seen } = await this.#logitProcessor(device)
    for (const { from, to } of copies) seen.copy(device, from, to)
    seen.add(device, rows)
  }

  /**
   * Scores some rows of `normed` [N, D]: submits the group's recording and waits for the scores, then for the other
   * ranks'. Where ranks share the vocabulary, top-k, top-p and min-p cost exchanges of their own.
   */
  async score(
    group: RankGroup,
    normed: Tensor,
    scored: readonly ScoredRow[],
    sampling: Sampling,
  ): Promise<TokenScores[]> {
    const { device, exchange } = group
    const { processes, truncates, chooses } = planProcessing(sampling)
    const truncatesTogether = truncates && exchange.ranks > 1
    const processor = processes ? await this.#logitProcessor(device) : null
    const logits = this.#recordLogits(group, normed, scored)
    const slots = scored.map(({ slot }) => slot)
    const processed = processor?.apply(device, group.recorder, logits, slots, sampling) ?? null
    if (processor && processed && truncates && !truncatesTogether)
      processor.truncate(group.recorder, processed, sampling)
    if (chooses) this.#recordChoice(group, logits, processed, scored, sampling)
    if (chooses && exchange.ranks === 1) {
      const { choices } = this.#buffers.scores.tensors
      rank(group.recorder, logits, rowsOf(choices, scored.length), rowsOf(this.#buffers.ranks, scored.length))
    }
    const first = await this.#handOver(group, scored.length, chooses)
    const raw = scored.map((_, row) => this.#reader.raw(first, row))
    if (!chooses) return raw
    let last = first
    if (processor && processed && truncatesTogether) {
      const maxima = raw.map((_, row) => this.#reader.statistics(first, row, 'processed').maximum)
      await processor.truncateTogether(group, processed, maxima, sampling)
      this.#recordChoice(group, logits, processed, scored, sampling)
      last = await this.#handOver(group, scored.length, chooses)
    }
    const merged = raw.map((scores, row) => this.#reader.choice(scores, last, row, processes))
    if (exchange.ranks > 1) await this.#countRanks(group, merged)
    return merged
  }

  /**
   * Scores rows for beam search. With a penalty, which as in Transformers is one on log-probabilities, the candidates
   * take two more submits and exchanges: penalised they need the denominator of the softmax, and then their raw logits are
   * looked up.
   */
  async scoreBeams(
    group: RankGroup,
    normed: Tensor,
    scored: readonly ScoredRow[],
    penalty: number,
  ): Promise<BeamScores[]> {
    const logits = this.#recordLogits(group, normed, scored)
    const first = await this.#handOver(group, scored.length, false)
    const raw = scored.map((_, row) => this.#reader.raw(first, row))
    const logDenominators = raw.map(({ statistics }) => statistics.maximum + Math.log(statistics.s))
    if (penalty === 1)
      return raw.map((scores, row) => ({
        scores,
        candidates: scores.top.map(({ id, logit }, rank) => ({
          id,
          logit,
          score: logit - logDenominators[row]!,
          rank,
        })),
      }))
    const { device } = group
    const { scores: buffers, topCandidates } = this.#buffers
    const processor = await this.#logitProcessor(device)
    group.begin('penalised candidates')
    const sampling = { temperature: 1, seed: 0, repetitionPenalty: penalty }
    const slots = scored.map(({ slot }) => slot)
    const processed = processor.apply(device, group.recorder, logits, slots, sampling, logDenominators)
    topK(group.recorder, processed, topCandidates, rowsOf(buffers.tensors.top, scored.length))
    const second = await this.#handOver(group, scored.length, false)
    const candidates = scored.map((_, row) => this.#reader.top(second, row))
    const wanted = candidates.flatMap((ofRow, row) => ofRow.map(({ id }) => ({ row, id })))
    const found = await this.logitsOf(group, wanted)
    return raw.map((scores, row) => ({
      scores,
      candidates: candidates[row]!.map(({ id, logit: score }) => {
        const rank = scores.top.findIndex(top => top.id === id)
        const logit = found[wanted.findIndex(one => one.row === row && one.id === id)]!
        return { id, logit, score, rank: rank === -1 ? null : rank }
      }),
    }))
  }

  /** Raw logits of some tokens of rows that the last step scored: one submit, one synchronisation, one exchange. */
  async logitsOf(group: RankGroup, wanted: readonly { row: number; id: number }[]): Promise<number[]> {
    const { device, exchange } = group
    const { logits } = this.#buffers
    const width = this.#weight.outputs
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable logits', wanted.length * 4, usage)
    group.begin('logits of some tokens')
    for (const [index, { row, id }] of wanted.entries()) {
      const own = id - this.#firstId
      if (own >= 0 && own < width)
        group.recorder.copyBuffer(
          logits.buffer,
          logits.offsetBytes + (row * width + own) * 4,
          readable,
          index * 4,
          4,
        )
    }
    group.recorder.submit()
    const mine = await device.readMapped(readable, wanted.length * 4)
    device.destroyBuffer(readable)
    const all = new Float32Array((await exchange.gather(new Uint8Array(mine))).buffer)
    const ends = this.#vocabularyWidths.map((_, rank) =>
      this.#vocabularyWidths.slice(0, rank + 1).reduce((sum, width) => sum + width, 0),
    )
    return wanted.map(({ id }, index) => all[ends.findIndex(end => id < end) * wanted.length + index]!)
  }

  /** How many tokens are likelier than one of each row that the last step scored: one submit, synchronisation, exchange. */
  async ranksOf(group: RankGroup, chosen: ReadonlyMap<number, TopLogit>): Promise<Map<number, number>> {
    const rows = Math.max(...chosen.keys()) + 1
    const { ranks, readable, scores } = this.#buffers
    const choices = rowsOf(scores.tensors.choices, rows)
    const words = new Uint32Array(rows * choiceWords)
    for (const [row, { id, logit }] of chosen) {
      words[row * choiceWords] = id
      new Float32Array(words.buffer)[row * choiceWords + 1] = logit
    }
    group.begin('ranks of chosen tokens')
    uploadTensor(group.device, choices, words)
    rank(group.recorder, this.#logits(rows), choices, rowsOf(ranks, rows), this.#firstId)
    group.recorder.copyBuffer(ranks.buffer, 0, readable, 0, rows * 4)
    group.recorder.submit()
    const mine = await group.device.readMapped(readable, rows * 4)
    const counts = new Uint32Array((await group.exchange.gather(new Uint8Array(mine))).buffer)
    return new Map(
      [...chosen.keys()].map(row => {
        let count = 0
        for (let at = row; at < counts.length; at += rows) count += counts[at]!
        return [row, count]
      }),
    )
  }

  async #logitProcessor(device: Device): Promise<LogitProcessor> {
    const widths = this.#vocabularyWidths
    this.#processor ??= await LogitProcessor.create(device, {
      rows: this.maxRows,
      slots: this.maxRows,
      width: this.#weight.outputs,
      firstId: this.#firstId,
      vocabulary: widths.reduce((sum, width) => sum + width, 0),
    })
    return this.#processor
  }

  #logits(rows: number): Tensor {
    return rowsOf(this.#buffers.logits, rows)
  }

  /** Records what is always wanted: logits, their statistics and the largest. */
  #recordLogits({ recorder }: RankGroup, normed: Tensor, scored: readonly ScoredRow[]): Tensor {
    const rows = scored.length
    const D = this.#weight.inputs
    const { scores, entropyPartials, topCandidates } = this.#buffers
    const { statistics, top } = scores.tensors
    const hidden = rowsOf(this.#buffers.selected, rows) // [S, D]
    for (const [index, { row }] of scored.entries())
      recorder.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = this.#logits(rows)
    linear(recorder, hidden, this.#weight, logits) // logits [S, V]
    entropy(recorder, logits, entropyPartials, rowsOf(statistics, rows)) // [S, 8]
    topK(recorder, logits, topCandidates, rowsOf(top, rows)) // [S, k, 2]
    return logits
  }

  /** Records the choice, and the statistics of the distribution that it is made from where that is not the raw one. */
  #recordChoice(
    { device, recorder }: RankGroup,
    logits: Tensor,
    processed: Tensor | null,
    scored: readonly ScoredRow[],
    { temperature, seed }: Sampling,
  ): void {
    const rows = scored.length
    const { scores, entropyPartials } = this.#buffers
    if (processed) entropy(recorder, processed, entropyPartials, rowsOf(scores.tensors.processed, rows)) // [S, 8]
    const sequences = rowsOf(this.#buffers.sequences, rows)
    const steps = rowsOf(this.#buffers.steps, rows)
    const isDrawn = temperature > 0
    if (isDrawn) {
      const keysOf = (name: 'sequence' | 'step') => Uint32Array.from(scored, row => row[name])
      uploadTensor(device, sequences, keysOf('sequence'))
      uploadTensor(device, steps, keysOf('step'))
    }
    choose(recorder, {
      logits,
      scores: processed ?? logits,
      sequences,
      steps,
      choices: rowsOf(scores.tensors.choices, rows),
      firstId: this.#firstId,
      seed: isDrawn ? seed : null,
    }) // [S, 4]
  }

  /** Submits, reads this rank's scores and meets the others: the bytes of every rank. Without a choice only the raw ones. */
  async #handOver(
    { device, recorder, exchange }: RankGroup,
    rows: number,
    chooses: boolean,
  ): Promise<ArrayBuffer[]> {
    const { scores, ranks, readable } = this.#buffers
    const scoreBytes = chooses ? scores.sizeBytes : scores.tensors.choices.offsetBytes
    recorder.copyBuffer(scores.buffer, 0, readable, 0, scoreBytes)
    if (chooses) recorder.copyBuffer(ranks.buffer, 0, readable, scoreBytes, rows * 4)
    recorder.submit()
    const sizeBytes = scoreBytes + (chooses ? rows * 4 : 0)
    const bytes = await device.readMapped(readable, sizeBytes)
    const gathered = await exchange.gather(new Uint8Array(bytes))
    return Array.from(
      { length: exchange.ranks },
      (_, from) => gathered.slice(from * sizeBytes, (from + 1) * sizeBytes).buffer,
    )
  }

  /**
   * Counts the tokens likelier than each chosen one over all ranks. Where every chosen token is among the largest, which
   * every rank knows alike, nothing is asked; else it costs a second exchange.
   */
  async #countRanks(group: RankGroup, merged: TokenScores[]): Promise<void> {
    for (const { chosen, top } of merged) chosen.rank = top.findIndex(({ id }) => id === chosen.id)
    if (merged.every(({ chosen }) => chosen.rank >= 0)) return
    const ranks = await this.ranksOf(group, new Map(merged.map(({ chosen }, row) => [row, chosen])))
    for (const [row, { chosen }] of merged.entries()) chosen.rank = ranks.get(row)!
  }
}
