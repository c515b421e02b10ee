import { entropy, entropyPartialWords } from '../../kernels/entropy/entropy.ts'
import { gatherRows } from '../../kernels/gather-rows/gather-rows.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { choiceWords, sample } from '../../kernels/sample/sample.ts'
import type { ChosenTokens } from '../../kernels/shared/row-token.ts'
import { tokenRank } from '../../kernels/token-rank/token-rank.ts'
import { type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import { firstRows } from './activations.ts'
import { createLogitProcessor, type LogitProcessor } from './filters.ts'
import { planProcessing, type Sampling } from './sampling.ts'
import {
  type BeamScores,
  createScoreBuffers,
  type KnownScores,
  type Recorded,
  readKnown,
  type ScoredRow,
  type ScoreReading,
  scoreReading,
  type TokenScores,
} from './scores.ts'
import type { StepContext } from './step-context.ts'
import type { RowInputs, ScoredInputs } from './step-inputs.ts'

/** What a token head is made for. */
interface TokenHeadOptions {
  /** The rank's lm_head [V, D]. */
  weight: PackedWeight
  /** What becomes of the products: logits are c · tanh(scale · product / c), or scale · product without a cap c. */
  finish?: { scale: number; cap: number | null } | undefined
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
export type TokenHead = Awaited<ReturnType<typeof createTokenHead>>

/** Makes a head. Throws OutOfMemoryError where the device has no room for it. */
export async function createTokenHead(
  context: StepContext,
  { weight, finish, rows, k, firstId, vocabularyWidths }: TokenHeadOptions,
) {
  const { stream, device, communicator } = context
  const { outputs: V, inputs: D } = weight
  const isAlone = communicator.ranks === 1
  const u32 = (name: string, ...shape: number[]) => createTensor(device, name, 'u32', shape)
  const buffers = {
    selected: await createTensor(device, 'selected', 'f32', [rows, D]),
    logits: await createTensor(device, 'logits', 'f32', [rows, V]),
    entropyPartials: await u32('entropy partials', entropyPartialWords(rows, V)),
    topCandidates: await u32('top candidates', topKCandidateWords(rows, V, k)),
    knownRows: await u32('rows of known tokens', rows),
    ...(await createScoreBuffers(device, rows, k, vocabularyWidths)),
  }
  const vocabulary = vocabularyWidths.reduce((sum, width) => sum + width, 0)
  /** Made when it is first asked for: most runs leave logits as they are. */
  let processor: LogitProcessor | null = null
  const logitProcessor = async () =>
    (processor ??= await createLogitProcessor(context, { rows, width: V, firstId, vocabulary }))

  /**
   * Records logits and their statistics of the rows of `normed` [N, D] whose numbers are in `rows` [S]; of all of them, in
   * their order, where that is null.
   */
  function recordStatistics(normed: Tensor, rows: Tensor | null): Tensor {
    const count = (rows ?? normed).shape[0]!
    const hidden = rows ? firstRows(buffers.selected, count) : normed // [S, D]
    if (rows) gatherRows(stream, normed, rows, hidden)
    const logits = firstRows(buffers.logits, count)
    linear(stream, hidden, weight, logits, { finish }) // logits [S, V]
    recordEntropy(logits, 'statistics') // [S, 8]
    return logits
  }

  function recordEntropy(logits: Tensor, into: 'statistics' | 'processed'): void {
    entropy(stream, logits, buffers.entropyPartials, firstRows(buffers[into], logits.shape[0]!))
  }

  function recordTop(logits: Tensor): void {
    topK(stream, logits, buffers.topCandidates, firstRows(buffers.top, logits.shape[0]!))
  }

  /**
   * Records the choice, the statistics of the distribution that it is made from where that is not the raw one, and on a
   * rank that is alone the rank of the chosen token.
   */
  function recordChoice(
    logits: Tensor,
    processed: Tensor | null,
    { sequences, steps }: ScoredInputs,
    { temperature, seed }: Sampling,
  ): void {
    const of = (name: 'choices' | 'tokenRanks') => firstRows(buffers[name], logits.shape[0]!)
    const choices = of('choices')
    if (processed) recordEntropy(processed, 'processed') // [S, 8]
    const use = { logits, scores: processed ?? logits, sequences, steps, choices, firstId }
    sample(stream, { ...use, seed: temperature > 0 ? seed : null }) // [S, 4]
    if (isAlone) tokenRank(stream, logits, choices, of('tokenRanks')) // [S]
  }

  /** Submits what is recorded, with the copies of a reading, and waits for it. */
  async function read({ turns, sizeBytes, merge }: ScoreReading): Promise<TokenScores[]> {
    const { copies, readable } = turns[0]!
    stream.submit([copies])
    return merge(await context.readAndGather(readable, sizeBytes))
  }

  /**
   * Counts the tokens likelier than each chosen one over all ranks. Where every chosen token is among the largest, which
   * every rank knows alike, nothing is asked; else it costs a second exchange.
   */
  async function countTokenRanks(merged: TokenScores[]): Promise<void> {
    for (const { chosen, top } of merged) chosen.rank = top.findIndex(({ id }) => id === chosen.id)
    if (merged.every(({ chosen }) => chosen.rank >= 0)) return
    const counts = await tokenRanksOf(new Map(merged.map(({ chosen }, row) => [row, chosen])))
    for (const [row, { chosen }] of merged.entries()) chosen.rank = counts.get(row)!
  }

  /** Raw logits of some tokens of rows that the last step scored: one submit, one synchronisation, one exchange. */
  async function logitsOf(wanted: readonly { row: number; id: number }[]): Promise<number[]> {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable logits', wanted.length * 4, usage)
    stream.begin('logits of some tokens')
    copyOwnLogits(wanted, readable, 0)
    const all = await context.submitAndGather(readable, wanted.length * 4)
    device.destroyBuffer(readable)
    // A new buffer is zero where another rank holds the token.
    return sumOverRanks(new Float32Array(all), wanted.length)
  }

  /** Records copies of those logits of tokens that this rank holds, each to its place from `offsetBytes` on. */
  function copyOwnLogits(
    wanted: readonly { row: number; id: number }[],
    into: GPUBuffer,
    offsetBytes: number,
  ): void {
    const { logits } = buffers
    for (const [index, { row, id }] of wanted.entries()) {
      const from = logits.offsetBytes + (row * V + id - firstId) * 4
      if (id >= firstId && id < firstId + V)
        stream.copyBuffer(logits.buffer, from, into, offsetBytes + index * 4, 4)
    }
  }

  /** How many tokens are likelier than one of each row that the last step scored: one submit, synchronisation, exchange. */
  async function tokenRanksOf(chosen: ReadonlyMap<number, TopLogit>): Promise<Map<number, number>> {
    const rows = Math.max(...chosen.keys()) + 1
    const { logits, tokenRanks } = buffers
    const readable = buffers.readables[0]!
    const choices = firstRows(buffers.choices, rows)
    const words = new Uint32Array(rows * choiceWords)
    for (const [row, { id, logit }] of chosen) {
      words[row * choiceWords] = id
      new Float32Array(words.buffer)[row * choiceWords + 1] = logit
    }
    stream.begin('ranks of chosen tokens')
    uploadTensor(device, choices, words)
    tokenRank(stream, firstRows(logits, rows), choices, firstRows(tokenRanks, rows), firstId)
    stream.copyBuffer(tokenRanks.buffer, 0, readable, 0, rows * 4)
    const all = await context.submitAndGather(readable, rows * 4)
    const counts = sumOverRanks(new Uint32Array(all), rows)
    return new Map([...chosen.keys()].map(row => [row, counts[row]!]))
  }

  /** Where the tokens are that a step leaves chosen on the device. */
  const likeliest: ChosenTokens = { tensor: buffers.top, word: 1 }
  const choice: ChosenTokens = { tensor: buffers.choices, word: 0 }

  return {
    /** Scored rows of a pass, at most. */
    rows,
    logitsOf,
    tokenRanksOf,

    /**
     * Where the device has the tokens that a step has chosen, once it is computed; null on ranks that share the vocabulary,
     * whose choices the host merges.
     */
    chosenTokens(chooses: boolean): ChosenTokens | null {
      if (!isAlone) return null
      return chooses ? choice : likeliest
    },

    /** Records that slots' sequences hold the tokens of a step's rows. `logitProcessor` must have been asked for. */
    markSeen(inputs: RowInputs, chosen: ChosenTokens | null): void {
      processor!.markSeen(inputs, chosen)
    },

    /** The buffers that penalties and filters need, made when they are first asked for. */
    logitProcessor,

    /**
     * Records the scores of rows of `normed` [N, D], as many as `inputs` tells of, and of all N in their order where
     * `areAll` says so; returns how they are read. Where ranks share the vocabulary and top-k, top-p or min-p is wanted,
     * `chooseTogether` goes on from there; where `chooses` is false, everything is recorded.
     */
    record(normed: Tensor, inputs: ScoredInputs, areAll: boolean, sampling: Sampling): ScoreReading {
      const { processes, truncates, chooses } = planProcessing(sampling)
      const reading = (recorded: Recorded) => scoreReading(buffers, inputs.steps.shape[0]!, recorded)
      const logits = recordStatistics(normed, areAll ? null : inputs.scoredRows)
      recordTop(logits) // [S, k, 2]
      if (!chooses) return reading('raw')
      if (!processes) {
        recordChoice(logits, null, inputs, sampling)
        return reading('choice')
      }
      const processed = processor!.apply(logits, inputs.scoredSlots, sampling)
      if (truncates && !isAlone) recordEntropy(processed, 'processed')
      else {
        if (truncates) processor!.filter(processed, sampling)
        recordChoice(logits, processed, inputs, sampling)
      }
      return reading('processed')
    },

    /**
     * Scores of rows on ranks that share the vocabulary, from what was read of them: nothing more where tokens are among the
     * largest. Top-k, top-p and min-p cost an exchange of their own, and more where they have to search.
     */
    async finish(
      first: TokenScores[],
      scored: readonly ScoredRow[],
      inputs: ScoredInputs,
      sampling: Sampling,
    ): Promise<TokenScores[]> {
      const { truncates, chooses } = planProcessing(sampling)
      if (isAlone || !chooses) return first
      let merged = first
      if (truncates) {
        const { filterTogether, processed: all } = processor!
        const [logits, processed] = [buffers.logits, all].map(tensor => firstRows(tensor, scored.length))
        const slots = scored.map(({ slot }) => slot)
        await filterTogether(processed!, first, slots, sampling)
        recordChoice(logits!, processed!, inputs, sampling)
        merged = await read(scoreReading(buffers, scored.length, 'processed'))
      }
      await countTokenRanks(merged)
      return merged
    },

    /**
     * What rows of `normed` [N, D] say of the token that follows each, in pieces of as many rows as are scored at once: for each
     * piece two submits, synchronisations and exchanges. What a step scored before is lost.
     */
    async scoreKnown(normed: Tensor, known: readonly { row: number; id: number }[]): Promise<KnownScores[]> {
      const scores: KnownScores[] = []
      for (let first = 0; first < known.length; first += rows) {
        const piece = known.slice(first, first + rows)
        const ofPiece = firstRows(buffers.knownRows, piece.length)
        uploadTensor(
          device,
          ofPiece,
          Uint32Array.from(piece, ({ row }) => row),
        )
        stream.begin(`scores of ${piece.length} known tokens`)
        recordStatistics(normed, ofPiece)
        const ids = piece.map(({ id }) => id)
        const placed = ids.map((id, row) => ({ row, id }))
        const found = await readKnown(context, buffers, ids, (into, at) => copyOwnLogits(placed, into, at))
        const chosen = found.map(({ logit }, place) => [place, { id: ids[place]!, logit }] as const)
        const ranks = await tokenRanksOf(new Map(chosen))
        scores.push(...found.map((one, place) => ({ ...one, rank: ranks.get(place)! })))
      }
      return scores
    },

    /**
     * Candidates of rows for beam search, from their raw scores. With a penalty, which as in Transformers is one on
     * log-probabilities, they take two more submits and exchanges: penalised they need the denominator of the softmax, and
     * then their raw logits are looked up.
     */
    async finishBeams(raw: TokenScores[], inputs: ScoredInputs, penalty: number): Promise<BeamScores[]> {
      const logDenominators = raw.map(({ statistics }) => statistics.maximum + Math.log(statistics.s))
      if (penalty === 1)
        return raw.map((scores, row) => ({
          scores,
          candidates: scores.top.map((one, tokenRank) => {
            return { ...one, score: one.logit - logDenominators[row]!, tokenRank }
          }),
        }))
      const { apply, setShifts } = processor!
      stream.begin('penalised candidates')
      setShifts(logDenominators)
      const logits = firstRows(buffers.logits, raw.length)
      recordTop(apply(logits, inputs.scoredSlots, { temperature: 1, repetitionPenalty: penalty }))
      const penalised = await read(scoreReading(buffers, raw.length, 'raw'))
      setShifts(raw.map(() => 0))
      const candidates = penalised.flatMap(({ top }, row) =>
        top.map(({ id, logit: score }) => ({ row, id, score })),
      )
      const found = await logitsOf(candidates)
      const ranked = candidates.map(({ row, id, score }, index) => {
        const rankInTop = raw[row]!.top.findIndex(top => top.id === id)
        return { row, id, logit: found[index]!, score, tokenRank: rankInTop === -1 ? null : rankInTop }
      })
      return raw.map((scores, row) => ({ scores, candidates: ranked.filter(one => one.row === row) }))
    },
  }
}

/** The sums of what every rank has at each of `count` places. */
function sumOverRanks(all: Float32Array | Uint32Array, count: number): number[] {
  const sums = Array<number>(count).fill(0)
  for (const [at, value] of all.entries()) sums[at % count]! += value
  return sums
}
