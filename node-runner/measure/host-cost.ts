import { generate } from '../../core/generate/generate.ts'
import { parseConfig } from '../../core/model/config.ts'
import type { LanguageModel } from '../../core/model/language-model.ts'
import { type LoadedModel, loadModel } from '../../core/model/load-model.ts'
import { countersSince, type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openNullAdapter } from '../adapter/dawn.ts'
import { replayGpuCalls, traceGpuCalls } from './gpu-calls.ts'
import { type Spread, spreadOf, timeEach } from './timing.ts'

/** What the host pays for a decode step of so many sequences. */
export interface HostCost {
  rows: number
  /** Of a step, as `generate` makes it. */
  step: Spread
  /** Of the same calls of Dawn, made by a bare loop in the same run. */
  dawn: Spread
  /** The medians' ratio. */
  ratio: number
  /** Of a step. */
  dispatches: number
  submits: number
  synchronisations: number
  uploadedBytes: number
  calls: number
}

/** What `entrace bench --host` measures. */
export interface HostCostReport {
  /** Of the model whose steps are timed. */
  layers: number
  heads: number
  keyValueHeads: number
  promptTokens: number
  costs: HostCost[]
}

/** Rows of a step, of which two costs are compared. */
const rowsOfStep = [1, 64]
/** Beyond one workgroup's keys, so that attention is merged as in most of a long answer. */
const promptTokens = 160
/** Decode steps of a round, each timed. */
const stepsOfRound = 24

/**
 * Qwen2.5-7B in the number of its layers and heads, in narrow: what the host does in a step depends on those alone, and Dawn's null
 * adapter has room for 512 MiB.
 */
const narrowModel = parseConfig(
  {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    hidden_size: 28 * 16,
    intermediate_size: 1184,
    num_hidden_layers: 28,
    num_attention_heads: 28,
    num_key_value_heads: 4,
    vocab_size: 9504,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    use_sliding_window: false,
  },
  'a narrow Qwen2.5-7B',
)

/**
 * Times decode steps on Dawn's adapter that computes nothing, so that what remains is the host's own work, beside the same calls of
 * Dawn in a bare loop. Counts of rows and the loop take turns within a round, so that a slower minute falls on all.
 */
export async function measureHostCost(rounds: number): Promise<HostCostReport> {
  const device = await openDevice(await openNullAdapter(), 'gpu')
  const config = narrowModel
  const limits = { sequences: Math.max(...rowsOfStep), capacity: 2 * promptTokens, topK: 20 }
  const model = await loadModel([device], { config, weights: { seed: 0 }, limits })
  try {
    return { ...(await timeInTurns(device, model, rounds)), promptTokens }
  } finally {
    await model.close()
  }
}

async function timeInTurns(device: Device, { config, ranks: [rank] }: LoadedModel, rounds: number) {
  clearScores(device)
  const measured = []
  for (const rows of rowsOfStep) measured.push(await startCost(rank!, rows))
  // The first round makes the compiler's acquaintance.
  for (let round = 0; round <= rounds; round++)
    for (const { rows, replay, stepMs, dawnMs } of measured) {
      const timedSteps = await timeSteps(rank!, rows)
      const timedReplays = await timeEach(stepsOfRound, replay)
      if (round === 0) continue
      stepMs.push(...timedSteps)
      dawnMs.push(...timedReplays)
    }
  const { layers, heads, keyValueHeads } = config
  const costs = measured.map(({ rows, counts, stepMs, dawnMs }): HostCost => {
    const [step, dawn] = [spreadOf(stepMs), spreadOf(dawnMs)]
    return { rows, step, dawn, ratio: step.medianMs / dawn.medianMs, ...counts }
  })
  return { layers, heads, keyValueHeads, costs }
}

/** Puts zeros where scores are read from: what this adapter's buffers hold before is anything, infinities included. */
function clearScores(device: Device): void {
  const zeros = new Uint8Array(2 ** 20)
  for (const buffer of device.buffers)
    if (buffer.size <= zeros.length && buffer.usage & GPUBufferUsage.COPY_DST)
      device.handle.queue.writeBuffer(buffer, 0, zeros, 0, buffer.size)
}

/** Writes one step's calls down, and counts what it does. */
async function startCost(model: LanguageModel, rows: number) {
  const { counters } = model.context.device
  let trace: ReturnType<typeof traceGpuCalls> | null = null
  let before = { ...counters }
  let counts: Omit<HostCost, 'rows' | 'step' | 'dawn' | 'ratio'> | null = null
  let replay: (() => Promise<void>) | null = null
  await decode(model, rows, step => {
    // Not the first of them, which may still make what the others use again.
    if (step === stepsOfRound - 3) {
      before = { ...counters }
      trace = traceGpuCalls()
    } else if (step === stepsOfRound - 2) {
      const calls = trace!.stop()
      const { dispatches, submits, synchronisations, uploadedBytes } = countersSince(before, counters)
      counts = { dispatches, submits, synchronisations, uploadedBytes, calls: calls.length }
      replay = replayGpuCalls(calls)
    }
  })
  return { rows, counts: counts!, replay: replay!, stepMs: [] as number[], dawnMs: [] as number[] }
}

/** Milliseconds of each decode step of so many rows. */
async function timeSteps(model: LanguageModel, rows: number): Promise<number[]> {
  const startsMs: number[] = []
  await decode(model, rows, () => startsMs.push(performance.now()))
  // The first still makes what the others use again.
  return startsMs.slice(2).map((ms, index) => ms - startsMs[index + 1]!)
}

/** Answers as many prompts as there are rows, of the same length, and calls back before every decode step, from 0 on. */
async function decode(model: LanguageModel, rows: number, beforeStep: (step: number) => void) {
  const requests = Array.from({ length: rows }, (_, key) => {
    return { key, promptIds: Array.from({ length: promptTokens }, (_, i) => 1 + ((key + i) % 1000)) }
  })
  const decoding = new Set<number>()
  let step = 0
  const answers = generate(model, requests, {
    // Those whose prompts came first go on until the last have begun.
    maxNewTokens: promptTokens,
    stopIds: new Set(),
    sampling: { temperature: 0, seed: 0 },
    topLogprobs: 20,
    tokenText: null,
    onToken: ({ key }) => decoding.add(key),
    shouldStop: () => {
      // Prompts come first, as many to a step as fit.
      if (decoding.size === rows) beforeStep(step++)
      return step > stepsOfRound
    },
  })
  for await (const { generation } of answers)
    if (generation.error !== null) throw new Error(`host cost: ${generation.error}`)
}
