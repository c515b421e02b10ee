import { entropy, entropyPartialWords } from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { choiceWords, sample } from '../../kernels/sample/sample.ts'
import { tokenRank } from '../../kernels/token-rank/token-rank.ts'
import { type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import { firstRows } from './activations.ts'
import { LogitProcessor, type SeenRow } from './filters.ts'
import { planProcessing, type Sampling } from './sampling.ts'
import {
  type BeamScores,
  createScoreBuffers,
  type Recorded,
  readScores,
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

/**
 * From final hidden states to token scores: logits, entropy, top-k and choice. Logits never leave the device: one small
 * buffer of scores does. Ranks that share the vocabulary exchange these scores, and each merges them to the same result.
 */
export class TokenHead {
  readonly options: TokenHeadOptions
  readonly #context: StepContext
  readonly #weight: PackedWeight
  readonly #buffers: HeadBuffers
  /** Made when it is first asked for: most runs leave logits as they are. */
  #processor: LogitProcessor | null = null

  private constructor(
    context: StepContext,
    weight: PackedWeight,
    options: TokenHeadOptions,
    buffers: HeadBuffers,
  ) {
    this.options = options
    this.#context = context
    this.#weight = weight
    this.#buffers = buffers
  }

  /** Makes a head. `weight` is the rank's lm_head [V, D]. Throws OutOfMemoryError where the device has no room for it. */
  static async create(
    context: StepContext,
    weight: PackedWeight,
    options: TokenHeadOptions,
  ): Promise<TokenHead> {
    return new TokenHead(context, weight, options, await createHeadBuffers(context.device, weight, options))
  }

  /** Takes the rows of a step whose logits will be penalised for what their sequences hold. */
  async takeRows(rows: readonly SeenRow[], copies: readonly { from: number; to: number }[]): Promise<void> {
    const processor = await this.#logitProcessor()
    processor.takeRows(rows, copies)
  }

  /**
   * Scores some rows of `normed` [N, D]: submits the recording and waits for the scores, then for the other ranks'. Where
   * ranks share the vocabulary, top-k, top-p and min-p cost an exchange of their own, and more where they have to search.
   */
  async score(normed: Tensor, scored: readonly ScoredRow[], sampling: Sampling): Promise<TokenScores[]> {
    const { processes, truncates, chooses } = planProcessing(sampling)
    const isAlone = this.#context.communicator.ranks === 1
    const read = (recorded: Recorded) => readScores(this.#context, this.#buffers, scored.length, recorded)
    const logits = this.#recordLogits(normed, scored)
    if (!chooses) return read('raw')
    let processed: Tensor | null = null
    if (processes) {
      const processor = await this.#logitProcessor()
      const slots = scored.map(({ slot }) => slot)
      processed = processor.apply(logits, slots, sampling)
      if (truncates && isAlone) processor.filter(processed, sampling)
      else if (truncates) {
        this.#recordEntropy(processed, 'processed')
        const known = await read('processed')
        await processor.filterTogether(processed, known, slots, sampling)
      }
    }
    this.#recordChoice(logits, processed, scored, sampling)
    const merged = await read(processes ? 'processed' : 'choice')
    if (!isAlone) await this.#countTokenRanks(merged)
    return merged
  }

  /**
   * Scores rows for beam search. With a penalty, which as in Transformers is one on log-probabilities, the candidates
   * take two more submits and exchanges: penalised they need the denominator of the softmax, and then their raw logits are
   * looked up.
   */
  async scoreBeams(normed: Tensor, scored: readonly ScoredRow[], penalty: number): Promise<BeamScores[]> {
    const read = () => readScores(this.#context, this.#buffers, scored.length, 'raw')
    const logits = this.#recordLogits(normed, scored)
    const raw = await read()
    const logDenominators = raw.map(({ statistics }) => statistics.maximum + Math.log(statistics.s))
    if (penalty === 1)
      return raw.map((scores, row) => ({
        scores,
        candidates: scores.top.map((one, index) => {
          return { ...one, score: one.logit - logDenominators[row]!, tokenRank: index }
        }),
      }))
    const processor = await this.#logitProcessor()
    this.#context.stream.begin('penalised candidates')
    const sampling = { temperature: 1, seed: 0, repetitionPenalty: penalty }
    const slots = scored.map(({ slot }) => slot)
    this.#recordTop(processor.apply(logits, slots, sampling, logDenominators))
    const penalised = await read()
    const candidates = penalised.flatMap(({ top }, row) =>
      top.map(({ id, logit: score }) => ({ row, id, score })),
    )
    const found = await this.logitsOf(candidates)
    const ranked = candidates.map(({ row, id, score }, index) => {
      const rankInTop = raw[row]!.top.findIndex(top => top.id === id)
      return { row, id, logit: found[index]!, score, tokenRank: rankInTop === -1 ? null : rankInTop }
    })
    return raw.map((scores, row) => ({ scores, candidates: ranked.filter(one => one.row === row) }))
  }

  /** Raw logits of some tokens of rows that the last step scored: one submit, one synchronisation, one exchange. */
  async logitsOf(wanted: readonly { row: number; id: number }[]): Promise<number[]> {
    const { stream, device } = this.#context
    const { logits } = this.#buffers
    const { firstId } = this.options
    const width = this.#weight.outputs
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable logits', wanted.length * 4, usage)
    stream.begin('logits of some tokens')
    for (const [index, { row, id }] of wanted.entries()) {
      const from = logits.offsetBytes + (row * width + id - firstId) * 4
      if (id >= firstId && id < firstId + width)
        stream.copyBuffer(logits.buffer, from, readable, index * 4, 4)
    }
    const all = await this.#context.submitAndGather(readable, wanted.length * 4)
    device.destroyBuffer(readable)
    // A new buffer is zero where another rank holds the token.
    return sumOverRanks(new Float32Array(all), wanted.length)
  }

  /** How many tokens are likelier than one of each row that the last step scored: one submit, synchronisation, exchange. */
  async tokenRanksOf(chosen: ReadonlyMap<number, TopLogit>): Promise<Map<number, number>> {
    const { stream, device } = this.#context
    const rows = Math.max(...chosen.keys()) + 1
    const { logits, tokenRanks, readable, ...buffers } = this.#buffers
    const choices = firstRows(buffers.choices, rows)
    const words = new Uint32Array(rows * choiceWords)
    for (const [row, { id, logit }] of chosen) {
      words[row * choiceWords] = id
      new Float32Array(words.buffer)[row * choiceWords + 1] = logit
    }
    stream.begin('ranks of chosen tokens')
    uploadTensor(device, choices, words)
    tokenRank(stream, firstRows(logits, rows), choices, firstRows(tokenRanks, rows), this.options.firstId)
    stream.copyBuffer(tokenRanks.buffer, 0, readable, 0, rows * 4)
    const all = await this.#context.submitAndGather(readable, rows * 4)
    const counts = sumOverRanks(new Uint32Array(all), rows)
    return new Map([...chosen.keys()].map(row => [row, counts[row]!]))
  }

  async #logitProcessor(): Promise<LogitProcessor> {
    const { rows, firstId, vocabularyWidths } = this.options
    this.#processor ??= await LogitProcessor.create(this.#context, {
      rows,
      width: this.#weight.outputs,
      firstId,
      vocabulary: vocabularyWidths.reduce((sum, width) => sum + width, 0),
    })
    return this.#processor
  }

  /** Records what is always wanted: logits, their statistics and the largest. */
  #recordLogits(normed: Tensor, scored: readonly ScoredRow[]): Tensor {
    const D = this.#weight.inputs
    const hidden = firstRows(this.#buffers.selected, scored.length) // [S, D]
    for (const [index, { row }] of scored.entries())
      this.#context.stream.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = firstRows(this.#buffers.logits, scored.length)
    linear(this.#context.stream, hidden, this.#weight, logits) // logits [S, V]
    this.#recordEntropy(logits, 'statistics') // [S, 8]
    this.#recordTop(logits) // [S, k, 2]
    return logits
  }

  #recordEntropy(logits: Tensor, into: 'statistics' | 'processed'): void {
    const statistics = firstRows(this.#buffers[into], logits.shape[0]!)
    entropy(this.#context.stream, logits, this.#buffers.entropyPartials, statistics)
  }

  #recordTop(logits: Tensor): void {
    const { top, topCandidates } = this.#buffers
    topK(this.#context.stream, logits, topCandidates, firstRows(top, logits.shape[0]!))
  }

  /**
   * Records the choice, the statistics of the distribution that it is made from where that is not the raw one, and on a
   * rank that is alone the rank of the chosen token.
   */
  #recordChoice(
    logits: Tensor,
    processed: Tensor | null,
    scored: readonly ScoredRow[],
    { temperature, seed }: Sampling,
  ): void {
    const { stream, device, communicator } = this.#context
    const of = (name: 'sequences' | 'steps' | 'choices' | 'tokenRanks') =>
      firstRows(this.#buffers[name], scored.length)
    if (processed) this.#recordEntropy(processed, 'processed') // [S, 8]
    const isDrawn = temperature > 0
    if (isDrawn) {
      const words = (name: 'sequence' | 'step') => Uint32Array.from(scored, row => row[name])
      uploadTensor(device, of('sequences'), words('sequence'))
      uploadTensor(device, of('steps'), words('step'))
    }
    sample(stream, {
      logits,
      scores: processed ?? logits,
      sequences: of('sequences'),
      steps: of('steps'),
      choices: of('choices'),
      firstId: this.options.firstId,
      seed: isDrawn ? seed : null,
    }) // [S, 4]
    if (communicator.ranks === 1) tokenRank(stream, logits, of('choices'), of('tokenRanks')) // [S]
  }

  /**
   * Counts the tokens likelier than each chosen one over all ranks. Where every chosen token is among the largest, which
   * every rank knows alike, nothing is asked; else it costs a second exchange.
   */
  async #countTokenRanks(merged: TokenScores[]): Promise<void> {
    for (const { chosen, top } of merged) chosen.rank = top.findIndex(({ id }) => id === chosen.id)
    if (merged.every(({ chosen }) => chosen.rank >= 0)) return
    const counts = await this.tokenRanksOf(new Map(merged.map(({ chosen }, row) => [row, chosen])))
    for (const [row, { chosen }] of merged.entries()) chosen.rank = counts.get(row)!
  }
}

type HeadBuffers = Awaited<ReturnType<typeof createHeadBuffers>>

/** The buffers of a head: for S scored rows, V of this rank's vocabulary and D inputs. */
async function createHeadBuffers(device: Device, weight: PackedWeight, options: TokenHeadOptions) {
  const { outputs: V, inputs: D } = weight
  const { rows, k, vocabularyWidths } = options
  return {
    selected: await createTensor(device, 'selected', 'f32', [rows, D]),
    logits: await createTensor(device, 'logits', 'f32', [rows, V]),
    entropyPartials: await createTensor(device, 'entropy partials', 'u32', [entropyPartialWords(rows, V)]),
    topCandidates: await createTensor(device, 'top candidates', 'u32', [topKCandidateWords(rows, V, k)]),
    sequences: await createTensor(device, 'sequence keys', 'u32', [rows]),
    steps: await createTensor(device, 'steps', 'u32', [rows]),
    ...(await createScoreBuffers(device, rows, k, vocabularyWidths)),
  }
}

/** The sums of what every rank has at each of `count` places. */
function sumOverRanks(all: Float32Array | Uint32Array, count: number): number[] {
  const sums = Array<number>(count).fill(0)
  for (const [at, value] of all.entries()) sums[at % count]! += value
  return sums
}
