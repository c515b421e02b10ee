import { type EntropyStatistics, entropyWords, readEntropyStatistics } from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Stage } from '../../kernels/gpu/plan.ts'
import {
  createTensor,
  createTensorGroup,
  tensorBytes,
  type Words,
  wordsOf,
} from '../../kernels/gpu/tensor.ts'
import { choiceWords } from '../../kernels/sample/sample.ts'
import { readTopLogits, type TopLogit } from '../../kernels/top-k/top-k.ts'
import type { StepContext } from './step-context.ts'

/** A row whose next token is wanted: which row of the pass, and the keys of its noise. */
export interface ScoredRow {
  row: number
  /** Key of the sequence, the same wherever and with whomever it runs. */
  sequence: number
  /** Number of the step within the sequence. */
  step: number
  /** The cache slot of the sequence. */
  slot: number
}

/** What the device hands over of a row's logits. */
export interface TokenScores {
  statistics: EntropyStatistics
  /** The k largest logits, largest first, ties by the lower id. */
  top: TopLogit[]
  /** The token that was chosen, its logit, and how many tokens are likelier. */
  chosen: TopLogit & { rank: number }
  /** Of the distribution that was chosen from, and the chosen token's logit in it; null where that is the raw one. */
  processed: { statistics: EntropyStatistics; logit: number } | null
}

/** What a row's raw logits say of a token that is known to follow it. */
export interface KnownScores {
  statistics: EntropyStatistics
  /** The token's logit, and how many tokens are likelier. */
  logit: number
  rank: number
}

/** A token that a beam may go on with; the logit is the raw one. */
interface BeamCandidate extends TopLogit {
  /** Log-probability, multiplied by the repetition penalty where the sequence holds the token. */
  score: number
  /** Tokens with larger raw logits; null where the token is not among the largest. */
  tokenRank: number | null
}

/** What a search needs of a beam: its raw scores, and the best candidates, best first. */
export interface BeamScores {
  scores: TokenScores
  candidates: BeamCandidate[]
}

/** What a step recorded: only what is told of raw logits, a choice among them, or a choice among processed ones. */
export type Recorded = 'raw' | 'choice' | 'processed'

/** The tensors of rows with their k largest logits that one copy reads back. */
function scoreTensors(rows: number, k: number) {
  const u32 = (...shape: number[]) => ({ dtype: 'u32' as const, shape: [rows, ...shape] })
  return {
    statistics: u32(entropyWords),
    top: u32(k, 2),
    choices: u32(choiceWords),
    /** The statistics of the distribution that is chosen from, where that is not the raw one. */
    processed: u32(entropyWords),
  }
}

/** Bytes that a rank hands over of rows with their k largest logits, at most: each tensor begins at a multiple of 256. */
export function scoreBytes(rows: number, k: number): number {
  const sizes = Object.values(scoreTensors(rows, k)).map(tensor => Math.ceil(tensorBytes(tensor) / 256) * 256)
  return sizes.reduce((sum, size) => sum + size, rows * 4)
}

/**
 * Steps of a rank that may be submitted before the first of them is read. Alone, two: the token that one chooses is on the device,
 * where the next one takes it. Ranks that share the vocabulary choose together, on the host, and have one.
 */
export function stepsInFlight(ranks: number): number {
  return ranks === 1 ? 2 : 1
}

/** Makes the buffers of at most `rows` rows with their k largest logits, on a rank of some that hold `widths` logits each. */
export async function createScoreBuffers(device: Device, rows: number, k: number, widths: readonly number[]) {
  const group = await createTensorGroup(device, 'scores', scoreTensors(rows, k))
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const readables: GPUBuffer[] = []
  while (readables.length < stepsInFlight(widths.length))
    readables.push(await device.createBuffer('readable scores', scoreBytes(rows, k), usage))
  return {
    widths,
    group,
    ...group.tensors,
    /** By whose turn it is: one for each step that may be in flight. */
    readables,
    /** Apart from the group, because WebGPU lets no dispatch read and write parts of one buffer. */
    tokenRanks: await createTensor(device, 'ranks', 'u32', [rows]),
  }
}

/** The scores of some rows as a device hands them over. */
export interface ScoreReading {
  /** Where they can be read, by whose turn it is, and what copies them there, behind what computes them. */
  turns: readonly { readable: GPUBuffer; copies: Stage }[]
  sizeBytes: number
  /** The scores, of every rank's bytes in rank order. */
  merge(all: ArrayBuffer): TokenScores[]
}

/**
 * How the scores of the first rows are read and merged with those of the other ranks. Without a choice the likeliest token is
 * the chosen one. Where ranks share the vocabulary, the rank of a token that was chosen is yet to be counted.
 */
export function scoreReading(
  buffers: Awaited<ReturnType<typeof createScoreBuffers>>,
  rows: number,
  recorded: Recorded,
): ScoreReading {
  const { group, choices, tokenRanks, readables } = buffers
  const isChosen = recorded !== 'raw'
  const groupBytes = isChosen ? group.sizeBytes : choices.offsetBytes
  const label = `scores of ${rows}`
  const counts = { dispatches: 0, movedBytes: 0, flops: 0 }
  return {
    turns: readables.map(readable => {
      const copy = (from: GPUBuffer, toBytes: number, sizeBytes: number) =>
        ({ kind: 'copy', from, fromBytes: 0, to: readable, toBytes, sizeBytes }) as const
      const ofGroup = copy(group.buffer, 0, groupBytes)
      const commands = isChosen ? [ofGroup, copy(tokenRanks.buffer, groupBytes, rows * 4)] : [ofGroup]
      return { readable, copies: { label, commands, counts } }
    }),
    sizeBytes: groupBytes + (isChosen ? rows * 4 : 0),
    merge: all => mergeScores(buffers, rows, recorded, all),
  }
}

function mergeScores(
  { widths, group, choices, ...buffers }: Awaited<ReturnType<typeof createScoreBuffers>>,
  rows: number,
  recorded: Recorded,
  all: ArrayBuffer,
): TokenScores[] {
  const isChosen = recorded !== 'raw'
  const groupBytes = isChosen ? group.sizeBytes : choices.offsetBytes
  const sizeBytes = all.byteLength / widths.length
  const firstIds = widths.map((_, rank) => widths.slice(0, rank).reduce((sum, width) => sum + width, 0))
  const k = buffers.top.shape[1] ?? 0
  const words = wordsOf(all)
  /** What `read` makes of a row on every rank, of the words from a tensor's first on. */
  const reader =
    <T>(offsetBytes: number, read: (words: Words, row: number, first: number, firstId: number) => T) =>
    (row: number) =>
      firstIds.map((firstId, rank) => read(words, row, (rank * sizeBytes + offsetBytes) / 4, firstId))
  const statisticsOf = reader(buffers.statistics.offsetBytes, readEntropyStatistics)
  const topOf = reader(buffers.top.offsetBytes, (of, row, first, firstId) => {
    const top = readTopLogits(of, row, k, first)
    if (firstId > 0) for (const one of top) if (one.id !== noToken) one.id += firstId
    return top
  })
  const processedOf = reader(buffers.processed.offsetBytes, readEntropyStatistics)
  const choicesOf = reader(choices.offsetBytes, readChoice)
  const tokenRanksOf = reader(groupBytes, (of, row, first) => of.words[first + row]!)
  return Array.from({ length: rows }, (_, row) => {
    const statistics = mergeStatistics(statisticsOf(row), widths)
    const top = mergeTop(topOf(row), k)
    if (!isChosen) return { statistics, top, chosen: { ...top[0]!, rank: 0 }, processed: null }
    const { id, logit, score } = mergeChoices(choicesOf(row))
    const processed =
      recorded === 'choice' ? null : { statistics: mergeStatistics(processedOf(row), widths), logit: score }
    return { statistics, top, chosen: { id, logit, rank: tokenRanksOf(row)[0]! }, processed }
  })
}

/**
 * Submits the recording and reads, of the first rows, the statistics and each one's logit of a token, merged over the ranks: one
 * submit, one synchronisation, one barrier. `record` records a copy of the logits that this rank holds into a buffer, from a place
 * on; `ids` are those of the tokens.
 */
export async function readKnown(
  context: StepContext,
  { widths, group, ...buffers }: Awaited<ReturnType<typeof createScoreBuffers>>,
  ids: readonly number[],
  record: (into: GPUBuffer, offsetBytes: number) => void,
): Promise<Omit<KnownScores, 'rank'>[]> {
  const statisticsBytes = ids.length * entropyWords * 4
  const sizeBytes = statisticsBytes + ids.length * 4
  const { statistics } = buffers
  const readable = buffers.readables[0]!
  context.stream.copyBuffer(group.buffer, statistics.offsetBytes, readable, 0, statisticsBytes)
  record(readable, statisticsBytes)
  const all = await context.submitAndGather(readable, sizeBytes)
  const parts = widths.map((_, rank) => all.slice(rank * sizeBytes, (rank + 1) * sizeBytes))
  const ends = widths.map((_, rank) => widths.slice(0, rank + 1).reduce((sum, width) => sum + width, 0))
  return ids.map((id, row) => {
    const owner = parts[ends.findIndex(end => id < end)]!
    return {
      statistics: mergeStatistics(
        parts.map(bytes => readEntropyStatistics(bytes, row)),
        widths,
      ),
      logit: new Float32Array(owner, statisticsBytes + row * 4, 1)[0]!,
    }
  })
}

/** A rank's choice: its token, the raw logit, the processed one, and that with noise. */
function readChoice({ words, floats }: Words, row: number, first: number) {
  const at = first + row * choiceWords
  return { id: words[at]!, logit: floats[at + 1]!, score: floats[at + 2]!, drawn: floats[at + 3]! }
}

/** The largest of the ranks' choices with its noise, ties by the lower id. */
function mergeChoices<T extends { id: number; drawn: number }>(parts: readonly T[]): T {
  return parts.reduce((a, b) => (b.id !== noToken && (a.id === noToken || b.drawn > a.drawn) ? b : a))
}

/**
 * Joins the statistics of the ranks' parts of one row of logits, in float64. With M the larger maximum and δ = m − M:
 * s' = s·e^δ, t' = (t + δs)·e^δ, u' = (u + 2δt + δ²s)·e^δ, w' = w + δ·n, n the part's finite logits; then
 * H = ln s − t/s, varentropy = u/s − (t/s)². `widths` are the parts' numbers of logits.
 */
export function mergeStatistics(
  parts: readonly EntropyStatistics[],
  widths: readonly number[],
): EntropyStatistics {
  if (parts.length === 1) return parts[0]!
  const filled = parts
    .map((part, i) => ({ ...part, count: widths[i]! - part.notFinite }))
    .filter(part => part.count > 0)
  const maximum = filled.reduce((most, part) => Math.max(most, part.maximum), Number.NEGATIVE_INFINITY)
  let s = 0
  let t = 0
  let u = 0
  let w = 0
  for (const part of filled) {
    const delta = part.maximum - maximum
    const e = Math.exp(delta)
    s += part.s * e
    t += (part.t + delta * part.s) * e
    u += (part.u + 2 * delta * part.t + delta * delta * part.s) * e
    w += part.w + delta * part.count
  }
  const mean = t / s
  return {
    maximum,
    s,
    t,
    u,
    w,
    entropyNats: Math.max(0, Math.log(s) - mean),
    varentropy: Math.max(0, u / s - mean * mean),
    notFinite: parts.reduce((sum, part) => sum + part.notFinite, 0),
  }
}

/** The k largest of the ranks' largest logits, largest first, ties by the lower id. */
export function mergeTop(parts: readonly TopLogit[][], k: number): TopLogit[] {
  if (parts.length === 1) return parts[0]!
  return parts
    .flat()
    .filter(({ id }) => id !== noToken)
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, k)
}

/** The id that stands for no token, where a row has fewer finite logits than were asked for. */
export const noToken = 0xffffffff
