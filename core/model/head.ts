import { entropy, entropyPartialWords } from '../../kernels/entropy/entropy.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { choiceWords, sample } from '../../kernels/sample/sample.ts'
import { tokenRank } from '../../kernels/token-rank/token-rank.ts'
import { type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import { firstRows } from './activations.ts'
import { createLogitProcessor, type LogitProcessor } from './filters.ts'
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
    sequences: await u32('sequence keys', rows),
    steps: await u32('steps', rows),
    ...(await createScoreBuffers(device, rows, k, vocabularyWidths)),
  }
  const vocabulary = vocabularyWidths.reduce((sum, width) => sum + width, 0)
  /** Made when it is first asked for: most runs leave logits as they are. */
  let processor: LogitProcessor | null = null
  const logitProcessor = async () =>
    (processor ??= await createLogitProcessor(context, { rows, width: V, firstId, vocabulary }))

  /** Records what is always wanted: logits, their statistics and the largest. */
  function recordLogits(normed: Tensor, scored: readonly ScoredRow[]): Tensor {
    const hidden = firstRows(buffers.selected, scored.length) // [S, D]
    for (const [index, { row }] of scored.entries())
      stream.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = firstRows(buffers.logits, scored.length)
    linear(stream, hidden, weight, logits, { finish }) // logits [S, V]
    recordEntropy(logits, 'statistics') // [S, 8]
    recordTop(logits) // [S, k, 2]
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
    scored: readonly ScoredRow[],
    { temperature, seed }: Sampling,
  ): void {
    const of = (name: 'sequences' | 'steps' | 'choices' | 'tokenRanks') =>
      firstRows(buffers[name], scored.length)
    const [sequences, steps, choices] = [of('sequences'), of('steps'), of('choices')]
    if (processed) recordEntropy(processed, 'processed') // [S, 8]
    const isDrawn = temperature > 0
    if (isDrawn) {
      const words = (name: 'sequence' | 'step') => Uint32Array.from(scored, row => row[name])
      uploadTensor(device, sequences, words('sequence'))
      uploadTensor(device, steps, words('step'))
    }
    const scores = processed ?? logits
    sample(stream, { logits, scores, sequences, steps, choices, firstId, seed: isDrawn ? seed : null }) // [S, 4]
    if (isAlone) tokenRank(stream, logits, choices, of('tokenRanks')) // [S]
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
    const { logits } = buffers
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const readable = await device.createBuffer('readable logits', wanted.length * 4, usage)
    stream.begin('logits of some tokens')
    for (const [index, { row, id }] of wanted.entries()) {
      const from = logits.offsetBytes + (row * V + id - firstId) * 4
      if (id >= firstId && id < firstId + V) stream.copyBuffer(logits.buffer, from, readable, index * 4, 4)
    }
    const all = await context.submitAndGather(readable, wanted.length * 4)
    device.destroyBuffer(readable)
    // A new buffer is zero where another rank holds the token.
    return sumOverRanks(new Float32Array(all), wanted.length)
  }

  /** How many tokens are likelier than one of each row that the last step scored: one submit, synchronisation, exchange. */
  async function tokenRanksOf(chosen: ReadonlyMap<number, TopLogit>): Promise<Map<number, number>> {
    const rows = Math.max(...chosen.keys()) + 1
    const { logits, tokenRanks, readable } = buffers
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

  return {
    /** Scored rows of a pass, at most. */
    rows,
    logitsOf,
    tokenRanksOf,

    /** Takes the rows of a step whose logits will be penalised for what their sequences hold. */
    async takeRows(...step: Parameters<LogitProcessor['takeRows']>): Promise<void> {
      const { takeRows } = await logitProcessor()
      takeRows(...step)
    },

    /**
     * Scores some rows of `normed` [N, D]: submits the recording and waits for the scores, then for the other ranks'. Where
     * ranks share the vocabulary, top-k, top-p and min-p cost an exchange of their own, and more where they have to search.
     */
    async score(normed: Tensor, scored: readonly ScoredRow[], sampling: Sampling): Promise<TokenScores[]> {
      const { processes, truncates, chooses } = planProcessing(sampling)
      const read = (recorded: Recorded) => readScores(context, buffers, scored.length, recorded)
      const logits = recordLogits(normed, scored)
      if (!chooses) return read('raw')
      let processed: Tensor | null = null
      if (processes) {
        const { apply, filter, filterTogether } = await logitProcessor()
        const slots = scored.map(({ slot }) => slot)
        processed = apply(logits, slots, sampling)
        if (truncates && isAlone) filter(processed, sampling)
        else if (truncates) {
          recordEntropy(processed, 'processed')
          await filterTogether(processed, await read('processed'), slots, sampling)
        }
      }
      recordChoice(logits, processed, scored, sampling)
      const merged = await read(processes ? 'processed' : 'choice')
      if (!isAlone) await countTokenRanks(merged)
      return merged
    },

    /**
     * Scores rows for beam search. With a penalty, which as in Transformers is one on log-probabilities, the candidates
     * take two more submits and exchanges: penalised they need the denominator of the softmax, and then their raw logits are
     * looked up.
     */
    async scoreBeams(normed: Tensor, scored: readonly ScoredRow[], penalty: number): Promise<BeamScores[]> {
      const read = () => readScores(context, buffers, scored.length, 'raw')
      const logits = recordLogits(normed, scored)
      const raw = await read()
      const logDenominators = raw.map(({ statistics }) => statistics.maximum + Math.log(statistics.s))
      if (penalty === 1)
        return raw.map((scores, row) => ({
          scores,
          candidates: scores.top.map((one, tokenRank) => {
            return { ...one, score: one.logit - logDenominators[row]!, tokenRank }
          }),
        }))
      const { apply } = await logitProcessor()
      stream.begin('penalised candidates')
      const slots = scored.map(({ slot }) => slot)
      recordTop(apply(logits, slots, { temperature: 1, repetitionPenalty: penalty }, logDenominators))
      const penalised = await read()
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
