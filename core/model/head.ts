import { choiceWords, choose } from '../../kernels/choose/choose.ts'
import { entropy, entropyPartialWords } from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { rank as countLikelier } from '../../kernels/rank/rank.ts'
import { type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import { firstRows } from './activations.ts'
import { LogitProcessor, type SeenRow } from './filters.ts'
import { planProcessing, type Sampling } from './sampling.ts'
import {
  type BeamScores,
  createScoreBuffers,
  type RowScores,
  readScores,
  type ScoreBuffers,
  type ScoredRow,
  type TokenScores,
} from './scores.ts'
import type { StepContext } from './step-context.ts'

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

/** The tensors of a head beside its scores, for S scored rows, V of this rank's vocabulary and D inputs. */
type HeadTensors = Record<
  'selected' | 'logits' | 'entropyPartials' | 'topCandidates' | 'sequences' | 'steps',
  Tensor
>

/**
 * From final hidden states to token scores: logits, entropy, top-k and choice. Logits never leave the device: one small
 * buffer of scores does. Ranks that share the vocabulary exchange these scores, and each merges them to the same result.
 */
export class TokenHead {
  /** Most rows that can be scored in one pass. */
  readonly maxRows: number
  readonly #weight: PackedWeight
  readonly #options: TokenHeadOptions
  readonly #tensors: HeadTensors
  readonly #scores: ScoreBuffers
  /** Made when it is first asked for: most runs leave logits as they are. */
  #processor: LogitProcessor | null = null

  private constructor(
    weight: PackedWeight,
    options: TokenHeadOptions,
    tensors: HeadTensors,
    scores: ScoreBuffers,
  ) {
    this.maxRows = options.rows
    this.#weight = weight
    this.#options = options
    this.#tensors = tensors
    this.#scores = scores
  }

  /** Makes a head. `weight` is the rank's lm_head [V, D]. Throws OutOfMemoryError where the device has no room for it. */
  static async create(device: Device, weight: PackedWeight, options: TokenHeadOptions): Promise<TokenHead> {
    const { rows, k } = options
    const { outputs: V, inputs: D } = weight
    const tensors = {
      selected: await createTensor(device, 'selected', 'f32', [rows, D]),
      logits: await createTensor(device, 'logits', 'f32', [rows, V]),
      entropyPartials: await createTensor(device, 'entropy partials', 'u32', [entropyPartialWords(rows, V)]),
      topCandidates: await createTensor(device, 'top candidates', 'u32', [topKCandidateWords(rows, V, k)]),
      sequences: await createTensor(device, 'sequence keys', 'u32', [rows]),
      steps: await createTensor(device, 'steps', 'u32', [rows]),
    }
    return new TokenHead(weight, options, tensors, await createScoreBuffers(device, rows, k))
  }

  /** Takes the rows of a step whose logits will be penalised for what their sequences hold. */
  async takeRows(
    device: Device,
    rows: readonly SeenRow[],
    copies: readonly { from: number; to: number }[],
  ): Promise<void> {
    const { seen } = await this.#logitProcessor(device)
    for (const { from, to } of copies) seen.copy(from, to)
    seen.add(rows)
  }

  /**
   * Scores some rows of `normed` [N, D]: submits the recording and waits for the scores, then for the other ranks'. Where
   * ranks share the vocabulary, top-k, top-p and min-p cost an exchange of their own, or some.
   */
  async score(
    context: StepContext,
    normed: Tensor,
    scored: readonly ScoredRow[],
    sampling: Sampling,
  ): Promise<TokenScores[]> {
    const { stream, device, communicator } = context
    const { processes, truncates, chooses } = planProcessing(sampling)
    const logits = this.#recordLogits(context, normed, scored)
    if (!chooses) return (await this.#readScores(context, scored.length, false)).map(likeliestScores)
    let processed: Tensor | null = null
    if (processes) {
      const processor = await this.#logitProcessor(device)
      const slots = scored.map(({ slot }) => slot)
      processed = processor.process(stream, logits, slots, sampling)
      if (truncates && communicator.ranks === 1) processor.filter(stream, processed, sampling)
      else if (truncates) {
        this.#recordEntropy(context, processed, 'processed')
        const known = await this.#readScores(context, scored.length, true)
        await processor.filterTogether(context, processed, known, slots, sampling)
      }
    }
    this.#recordChoice(context, logits, processed, scored, sampling)
    const found = await this.#readScores(context, scored.length, true)
    const merged = found.map((row): TokenScores => {
      const { id, logit, score, tokenRank } = row.choice!
      return {
        statistics: row.statistics,
        top: row.top,
        chosen: { id, logit, rank: tokenRank },
        processed: processes ? { statistics: row.processed!, logit: score } : null,
      }
    })
    if (communicator.ranks > 1) await this.#countTokenRanks(context, merged)
    return merged
  }

  /**
   * Scores rows for beam search. With a penalty, which as in Transformers is one on log-probabilities, the candidates
   * take two more submits and exchanges: penalised they need the denominator of the softmax, and then their raw logits are
   * looked up.
   */
  async scoreBeams(
    context: StepContext,
    normed: Tensor,
    scored: readonly ScoredRow[],
    penalty: number,
  ): Promise<BeamScores[]> {
    const { stream, device } = context
    const logits = this.#recordLogits(context, normed, scored)
    const raw = (await this.#readScores(context, scored.length, false)).map(likeliestScores)
    const logDenominators = raw.map(({ statistics }) => statistics.maximum + Math.log(statistics.s))
    if (penalty === 1)
      return raw.map((scores, row) => ({
        scores,
        candidates: scores.top.map(({ id, logit }, tokenRank) => ({
          id,
          logit,
          score: logit - logDenominators[row]!,
          tokenRank,
        })),
      }))
    const processor = await this.#logitProcessor(device)
    stream.begin('penalised candidates')
    const sampling = { temperature: 1, seed: 0, repetitionPenalty: penalty }
    const slots = scored.map(({ slot }) => slot)
    this.#recordTop(context, processor.process(stream, logits, slots, sampling, logDenominators))
    const penalised = await this.#readScores(context, scored.length, false)
    const wanted = penalised.flatMap(({ top }, row) =>
      top.map(({ id, logit: score }) => ({ row, id, score })),
    )
    const found = await this.logitsOf(context, wanted)
    const candidates = wanted.map(({ row, id, score }, index) => {
      const tokenRank = raw[row]!.top.findIndex(top => top.id === id)
      return { row, id, logit: found[index]!, score, tokenRank: tokenRank === -1 ? null : tokenRank }
    })
    return raw.map((scores, row) => ({ scores, candidates: candidates.filter(one => one.row === row) }))
  }

  /** Raw logits of some tokens of rows that the last step scored: one submit, one synchronisation, one exchange. */
  async logitsOf(context: StepContext, wanted: readonly { row: number; id: number }[]): Promise<number[]> {
    const { stream, device } = context
    const { logits } = this.#tensors
    const { firstId, vocabularyWidths } = this.#options
    const width = this.#weight.outputs
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable logits', wanted.length * 4, usage)
    stream.begin('logits of some tokens')
    for (const [index, { row, id }] of wanted.entries()) {
      const at = logits.offsetBytes + (row * width + id - firstId) * 4
      if (id >= firstId && id < firstId + width) stream.copyBuffer(logits.buffer, at, readable, index * 4, 4)
    }
    const all = new Float32Array(await context.submitAndGather(readable, wanted.length * 4))
    device.destroyBuffer(readable)
    const ends = vocabularyWidths.map((_, rank) =>
      vocabularyWidths.slice(0, rank + 1).reduce((sum, width) => sum + width, 0),
    )
    return wanted.map(({ id }, index) => all[ends.findIndex(end => id < end) * wanted.length + index]!)
  }

  /** How many tokens are likelier than one of each row that the last step scored: one submit, synchronisation, exchange. */
  async tokenRanksOf(
    context: StepContext,
    chosen: ReadonlyMap<number, TopLogit>,
  ): Promise<Map<number, number>> {
    const { stream, device } = context
    const { group, tokenRanks, readable } = this.#scores
    const rows = Math.max(...chosen.keys()) + 1
    const choices = firstRows(group.tensors.choices, rows)
    const words = new Uint32Array(rows * choiceWords)
    for (const [row, { id, logit }] of chosen) {
      words[row * choiceWords] = id
      new Float32Array(words.buffer)[row * choiceWords + 1] = logit
    }
    stream.begin('ranks of chosen tokens')
    uploadTensor(device, choices, words)
    countLikelier(stream, this.#logits(rows), choices, firstRows(tokenRanks, rows), this.#options.firstId)
    stream.copyBuffer(tokenRanks.buffer, 0, readable, 0, rows * 4)
    const counts = new Uint32Array(await context.submitAndGather(readable, rows * 4))
    return new Map(
      [...chosen.keys()].map(row => [
        row,
        counts.reduce((sum, count, at) => (at % rows === row ? sum + count : sum), 0),
      ]),
    )
  }

  async #logitProcessor(device: Device): Promise<LogitProcessor> {
    this.#processor ??= await LogitProcessor.create(device, {
      rows: this.maxRows,
      width: this.#weight.outputs,
      firstId: this.#options.firstId,
      vocabulary: this.#options.vocabularyWidths.reduce((sum, width) => sum + width, 0),
    })
    return this.#processor
  }

  #logits(rows: number): Tensor {
    return firstRows(this.#tensors.logits, rows)
  }

  /** Records what is always wanted: logits, their statistics and the largest. */
  #recordLogits(context: StepContext, normed: Tensor, scored: readonly ScoredRow[]): Tensor {
    const D = this.#weight.inputs
    const hidden = firstRows(this.#tensors.selected, scored.length) // [S, D]
    for (const [index, { row }] of scored.entries())
      context.stream.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = this.#logits(scored.length)
    linear(context.stream, hidden, this.#weight, logits) // logits [S, V]
    this.#recordEntropy(context, logits, 'statistics') // [S, 8]
    this.#recordTop(context, logits) // [S, k, 2]
    return logits
  }

  #recordEntropy({ stream }: StepContext, logits: Tensor, into: 'statistics' | 'processed'): void {
    const statistics = firstRows(this.#scores.group.tensors[into], logits.shape[0]!)
    entropy(stream, logits, this.#tensors.entropyPartials, statistics)
  }

  #recordTop({ stream }: StepContext, logits: Tensor): void {
    topK(
      stream,
      logits,
      this.#tensors.topCandidates,
      firstRows(this.#scores.group.tensors.top, logits.shape[0]!),
    )
  }

  /**
   * Records the choice, the statistics of the distribution that it is made from where that is not the raw one, and the
   * rank of the chosen token where no other rank holds tokens that are likelier.
   */
  #recordChoice(
    context: StepContext,
    logits: Tensor,
    processed: Tensor | null,
    scored: readonly ScoredRow[],
    { temperature, seed }: Sampling,
  ): void {
    const { stream, device, communicator } = context
    const rows = scored.length
    if (processed) this.#recordEntropy(context, processed, 'processed') // [S, 8]
    const sequences = firstRows(this.#tensors.sequences, rows)
    const steps = firstRows(this.#tensors.steps, rows)
    const isDrawn = temperature > 0
    if (isDrawn) {
      uploadTensor(
        device,
        sequences,
        Uint32Array.from(scored, ({ sequence }) => sequence),
      )
      uploadTensor(
        device,
        steps,
        Uint32Array.from(scored, ({ step }) => step),
      )
    }
    const choices = firstRows(this.#scores.group.tensors.choices, rows)
    choose(stream, {
      logits,
      scores: processed ?? logits,
      sequences,
      steps,
      choices,
      firstId: this.#options.firstId,
      seed: isDrawn ? seed : null,
    }) // [S, 4]
    if (communicator.ranks === 1)
      countLikelier(stream, logits, choices, firstRows(this.#scores.tokenRanks, rows)) // [S]
  }

  #readScores(context: StepContext, rows: number, isChosen: boolean): Promise<RowScores[]> {
    return readScores(context, this.#scores, this.#options.vocabularyWidths, rows, isChosen)
  }

  /**
   * Counts the tokens likelier than each chosen one over all ranks. Where every chosen token is among the largest, which
   * every rank knows alike, nothing is asked; else it costs a second exchange.
   */
  async #countTokenRanks(context: StepContext, merged: TokenScores[]): Promise<void> {
    for (const { chosen, top } of merged) chosen.rank = top.findIndex(({ id }) => id === chosen.id)
    if (merged.every(({ chosen }) => chosen.rank >= 0)) return
    const ranks = await this.tokenRanksOf(context, new Map(merged.map(({ chosen }, row) => [row, chosen])))
    for (const [row, { chosen }] of merged.entries()) chosen.rank = ranks.get(row)!
  }
}

/** The scores of a row whose likeliest token is the chosen one. */
function likeliestScores({ statistics, top }: RowScores): TokenScores {
  return { statistics, top, chosen: { ...top[0]!, rank: 0 }, processed: null }
}
