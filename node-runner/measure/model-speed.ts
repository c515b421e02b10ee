import { generate, type SequenceRequest } from '../../core/generate/generate.ts'
import { InputError } from '../../core/input-error.ts'
import { typesOf } from '../../core/model/checkpoint.ts'
import type { LanguageModel } from '../../core/model/language-model.ts'
import { type LoadedModel, loadModel } from '../../core/model/load-model.ts'
import type { LoadTimes } from '../../core/model/weights.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { prepareAdd } from '../../kernels/add/add.cases.ts'
import { prepareEntropy } from '../../kernels/entropy/entropy.cases.ts'
import { createBenchClock, measureCases } from '../../kernels/gpu/bench.ts'
import { countersSince, type Device, type DeviceCounters } from '../../kernels/gpu/device.ts'
import type { PreparedKernel } from '../../kernels/gpu/prepared-kernel.ts'
import { prepareTopK } from '../../kernels/top-k/top-k.cases.ts'
import { hashRow } from '../engine/load-rank.ts'
import type { LoadFormat, ModelFolder } from '../models/open-model.ts'
import { type Spread, spreadOf } from './timing.ts'

/** What is measured, and how long. */
export interface SpeedRequest {
  /** Counts of sequences at once. */
  sequences: readonly number[]
  promptTokens: number
  newTokens: number
  rounds: number
}

/** A model's speed with so many sequences at once. */
export interface SequenceSpeed {
  sequences: number
  /** Of every sequence, from when all are asked to its first token. */
  firstToken: Spread
  /** Of every sequence, from one of its tokens to the next. */
  betweenTokens: Spread
  /** Of all sequences together while they decode. */
  tokensPerSecond: number
  /** Of a token while they decode. */
  perToken: Pick<
    DeviceCounters,
    'dispatches' | 'submits' | 'synchronisations' | 'uploadedBytes' | 'downloadedBytes' | 'movedBytes'
  >
}

/** What a token's record (statistics and the 20 largest logits) costs beside its argmax alone. */
export interface RecordCost {
  rows: number
  recordMs: number
  argmaxMs: number
  /** The difference, as a part of a decode step of so many rows without it. */
  share: number
}

/** What `entrace bench --model` prints of a model. */
export type ModelSpeed = Awaited<ReturnType<typeof measureModelSpeed>>

const topK = 20
/** Steps after the last prompt's that are left out: the first of a new count of rows makes what the others use again. */
const unsteadySteps = 2

/** Loads a model onto a device and times its start, its first tokens, those that follow, and the record of them. */
export async function measureModelSpeed(
  device: Device,
  { config, weights: entries, path, name }: ModelFolder,
  loadFormat: LoadFormat,
  request: SpeedRequest,
  say: (line: string) => void,
) {
  const { promptTokens, newTokens } = request
  const most = Math.max(...request.sequences)
  // Whatever a step takes, it takes as many rows as there are sequences.
  const capacity = promptTokens + tokensOfAnswer(request, most, most)
  if (capacity > config.maxPositionEmbeddings)
    throw new InputError(
      `bench: sequences of ${capacity} tokens, and the model's context has ${config.maxPositionEmbeddings}; use fewer (--prompt-tokens, --new-tokens)`,
    )
  const limits = { sequences: most, capacity, topK: Math.min(topK, config.vocabSize) }
  const weights = loadFormat === 'dummy' ? { seed: 0 } : { where: path, entries }
  const startUp: LoadTimes = { readMs: 0, uploadMs: 0, compileMs: 0, totalMs: 0 }
  const hashed = loadFormat === 'dummy' ? {} : { hashRow }
  const model = await loadModel([device], {
    config,
    weights,
    limits,
    compilesAhead: true,
    times: startUp,
    ...hashed,
  })
  try {
    say(`loaded in ${(startUp.totalMs / 1000).toFixed(1)} s`)
    const firstStepMs = await timeFirstStep(model)
    const speeds = await measureSpeeds(model, request, say)
    say('record of a token')
    const records = await measureRecords(device, config.vocabSize, speeds)
    return {
      model: name,
      weightTypes: loadFormat === 'dummy' ? (config.dtype ?? 'bf16') : typesOf(config, entries).names,
      adapter: device.adapterName,
      kind: device.kind,
      promptTokens,
      newTokens,
      startUp: { ...startUp, firstStepMs },
      speeds,
      records,
    }
  } finally {
    await model.close()
  }
}

/** Milliseconds of the first step after loading: what it still has to compile is in it. */
async function timeFirstStep({ ranks: [model] }: LoadedModel): Promise<number> {
  const startMs = performance.now()
  for await (const _ of generate(model!, [{ key: 0, promptIds: [0] }], { ...greedy, maxNewTokens: 1 }));
  return performance.now() - startMs
}

const greedy = {
  stopIds: new Set<number>(),
  sampling: { temperature: 0, seed: 0 },
  topLogprobs: topK,
  tokenText: null,
}

/** What is measured of one count of sequences, round after round. */
interface Samples {
  sequences: number
  firstMs: number[]
  betweenMs: number[]
  decodeMs: number
  tokens: number
  counts: DeviceCounters | null
}

/** Counts of sequences take turns within a round, so that a slower minute of the machine falls on all. */
async function measureSpeeds(
  { ranks: [model] }: LoadedModel,
  request: SpeedRequest,
  say: (line: string) => void,
): Promise<SequenceSpeed[]> {
  const measured = request.sequences.map((sequences): Samples => {
    return { sequences, firstMs: [], betweenMs: [], decodeMs: 0, tokens: 0, counts: null }
  })
  for (let round = 0; round < request.rounds; round++)
    for (const samples of measured) {
      say(`${samples.sequences} at once (round ${round + 1} of ${request.rounds})`)
      await decodeRound(model!, samples, request, round)
    }
  return measured.map(({ sequences, firstMs, betweenMs, decodeMs, tokens, counts }) => {
    const { dispatches, submits, synchronisations, uploadedBytes, downloadedBytes, movedBytes } = counts!
    const ofTokens = { dispatches, submits, synchronisations, uploadedBytes, downloadedBytes, movedBytes }
    const perToken = Object.fromEntries(
      Object.entries(ofTokens).map(([name, count]) => [name, count / tokens]),
    )
    return {
      sequences,
      firstToken: spreadOf(firstMs),
      betweenTokens: spreadOf(betweenMs),
      tokensPerSecond: (tokens * 1000) / decodeMs,
      perToken: perToken as SequenceSpeed['perToken'],
    }
  })
}

/** Answers as many prompts at once and adds what it took to the samples. No two prompts begin alike. */
async function decodeRound(
  model: LanguageModel,
  samples: Samples,
  request: SpeedRequest,
  round: number,
): Promise<void> {
  const { counters } = model.context.device
  const { sequences } = samples
  const random = seededRandom(round, sequences)
  const requests = Array.from({ length: sequences }, (_, key): SequenceRequest => {
    const draw = () => Math.floor(random() * model.config.vocabSize)
    return { key, promptIds: Array.from({ length: request.promptTokens }, draw) }
  })
  const startMs = performance.now()
  /** Of each sequence that has any: its tokens, and when the last came. */
  const tokensOf = new Map<number, { count: number; lastMs: number }>()
  let steady: { startMs: number; steps: number; counters: DeviceCounters } | null = null
  const onToken = ({ key }: SequenceRequest) => {
    const nowMs = performance.now()
    const before = tokensOf.get(key)
    if (!before) samples.firstMs.push(nowMs - startMs)
    else if (steady) samples.betweenMs.push(nowMs - before.lastMs)
    tokensOf.set(key, { count: (before?.count ?? 0) + 1, lastMs: nowMs })
  }
  const shouldStop = () => {
    const nowMs = performance.now()
    if (!steady) {
      const isSteady =
        tokensOf.size === sequences && [...tokensOf.values()].every(({ count }) => count > unsteadySteps)
      if (isSteady) steady = { startMs: nowMs, steps: 0, counters: { ...counters } }
      return false
    }
    if (++steady.steps < request.newTokens) return false
    const since = countersSince(steady.counters, counters)
    samples.decodeMs += nowMs - steady.startMs
    samples.tokens += steady.steps * sequences
    const { counts } = samples
    if (!counts) samples.counts = since
    else for (const name of Object.keys(counts) as (keyof DeviceCounters)[]) counts[name] += since[name]
    return true
  }
  // Stopped before any of them ends.
  const maxNewTokens = tokensOfAnswer(request, sequences, model.maxRows)
  for await (const { generation } of generate(model, requests, {
    ...greedy,
    maxNewTokens,
    onToken,
    shouldStop,
  }))
    throw new Error(
      `bench: a sequence ended before the others (${generation.error ?? generation.finishReason})`,
    )
}

/** Tokens of an answer that must fit, so that the first sequence to begin goes on until the last has made its own. */
function tokensOfAnswer(
  { promptTokens, newTokens }: SpeedRequest,
  sequences: number,
  maxRows: number,
): number {
  return Math.ceil((sequences * promptTokens) / maxRows) + 2 * unsteadySteps + newTokens + 2
}

/** Times what is recorded of a token beside its argmax alone, for as many rows as the counts of sequences. */
async function measureRecords(
  device: Device,
  width: number,
  speeds: readonly SequenceSpeed[],
): Promise<RecordCost[]> {
  const probe = await prepareAdd(device, { rows: 1, width: 1000 })
  const clock = await createBenchClock(device, probe)
  probe.destroy()
  const isSerial = device.kind === 'cpu'
  const variant = isSerial ? 'serial' : 'slices'
  const both = (parts: PreparedKernel[]): PreparedKernel => ({
    tensors: {},
    record: recorder => {
      for (const part of parts) part.record(recorder)
    },
    destroy: () => {
      for (const part of parts) part.destroy()
    },
  })
  const costs: RecordCost[] = []
  for (const { sequences: rows, betweenTokens } of speeds) {
    const top = (k: number) => prepareTopK(device, { rows, width, k }, variant)
    const caseOf = (shape: string, prepare: () => Promise<PreparedKernel>) => {
      return { kernel: 'head', variant: null, shape, prepare }
    }
    const cases = [
      caseOf('record', async () =>
        both([await prepareEntropy(device, { rows, width }, variant), await top(Math.min(topK, width))]),
      ),
      caseOf('argmax', () => top(1)),
    ]
    const [record, argmax] = await measureCases(device, clock, cases, { budgetMs: 1000, maxRounds: 30 })
    const moreMs = record!.medianMs - argmax!.medianMs
    const share = moreMs / Math.max(betweenTokens.medianMs - moreMs, moreMs)
    costs.push({ rows, recordMs: record!.medianMs, argmaxMs: argmax!.medianMs, share })
  }
  clock.destroy()
  return costs
}
