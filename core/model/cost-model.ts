import { InputError } from '../input-error.ts'
import { maximumRanks, planShards, type ShardPlan } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import type { WeightTypes } from './layout.ts'
import { rankMemory, type StepCost, stepCost } from './rank-costs.ts'

/** `dp` data-parallel replicas of tensor-parallel groups of `tp` ranks. */
export interface Mesh {
  dp: number
  tp: number
}

/** What the model takes an adapter and its host for. */
export interface Hardware {
  /** Of the adapter's memory. */
  memoryBytes: number
  /** Read from the adapter's memory a second. */
  bandwidthBytesPerSecond: number
  /** Floating-point operations a second. */
  flopsPerSecond: number
  /** Seconds of a synchronisation beside its bytes: submit, map, and the meeting of the ranks. */
  latencySeconds: number
  /** Bytes a second between a device and its host. */
  linkBytesPerSecond: number
  /** Seconds of a dispatch beside its work. */
  dispatchSeconds: number
}

/** One thing that a prediction takes for granted. */
export interface Assumption {
  name: keyof Hardware
  value: number
  /** In the units of Hardware: bytes, seconds, operations. */
  unit: string
  given: boolean
  /** Whether it was measured on the adapters at hand. */
  measured: boolean
  /** Where the value comes from. */
  reason: string
}

/**
 * What is assumed where nothing is given: an H200 on PCIe 5.0, at the limits its maker states, under Dawn. None of it
 * was measured on that machine, and kernels do not reach the limits of bandwidth and compute.
 */
const defaults: Record<keyof Hardware, readonly [value: number, unit: string, reason: string]> = {
  memoryBytes: [141e9, 'bytes', 'the memory of an H200'],
  bandwidthBytesPerSecond: [4.8e12, 'bytes/s', "an H200's limit, which kernels do not reach"],
  flopsPerSecond: [67e12, 'FLOP/s', "an H200's f32 limit without matrix units"],
  latencySeconds: [
    100e-6,
    's',
    'a guess at a meeting of all ranks; 45 µs were measured for one CPU adapter alone',
  ],
  linkBytesPerSecond: [50e9, 'bytes/s', 'PCIe 5.0 with 16 lanes, to each adapter at once'],
  dispatchSeconds: [
    24e-6,
    's',
    'the lower end of 24 to 36 µs reported for Dawn on Vulkan (arXiv 2604.02344)',
  ],
}

/** What was measured, and how: the reason that people read. */
export type Measured = Partial<Record<keyof Hardware, { value: number; how: string }>>

/** The assumptions behind predictions: what is given, else what was measured, and defaults for the rest. */
export function assume(given: Partial<Hardware>, measured: Measured = {}): Assumption[] {
  return (Object.keys(defaults) as (keyof Hardware)[]).map(name => {
    const [value, unit, reason] = defaults[name]
    const own = given[name]
    const found = measured[name]
    if (own !== undefined) return { name, value: own, unit, given: true, measured: false, reason: 'given' }
    return found
      ? { name, value: found.value, unit, given: false, measured: true, reason: `measured: ${found.how}` }
      : { name, value, unit, given: false, measured: false, reason }
  })
}

/** The hardware that assumptions describe. */
export function hardwareOf(assumptions: readonly Assumption[]): Hardware {
  return Object.fromEntries(assumptions.map(({ name, value }) => [name, value])) as unknown as Hardware
}

/** What is asked of a mesh: sequences at once over all replicas, and how long they are. */
export interface Workload {
  concurrency: number
  contextTokens: number
}

/** What the model says of a mesh. */
export type MeshPrediction = ReturnType<typeof predictMesh>

/** Every tensor-parallel size over so many adapters, each with as many replicas as there is room for. */
export function meshesOf(config: ModelConfig, adapters: number): Mesh[] {
  if (!Number.isInteger(adapters) || adapters < 1)
    throw new InputError(`cost model: ${adapters} adapters, expected a whole number from 1`)
  const largest = Math.min(adapters, maximumRanks, config.vocabSize)
  return Array.from({ length: largest }, (_, index) => ({
    dp: Math.floor(adapters / (index + 1)),
    tp: index + 1,
  }))
}

/** Predicts a mesh. Pure arithmetic over the shapes: an upper limit to be measured against. */
export function predictMesh(
  config: ModelConfig,
  types: WeightTypes,
  mesh: Mesh,
  { concurrency, contextTokens }: Workload,
  hardware: Hardware,
) {
  const plan = planShards(config, mesh.tp)
  /** The step of the slowest rank. */
  const predict = (over: ShardPlan, sequences: number) =>
    over.ranks
      .map(({ rank }) => stepCost(config, over, rank, types, { sequences, contextTokens }))
      .map(cost => predictStep(cost, hardware))
      .reduce((slowest, step) => (step.seconds > slowest.seconds ? step : slowest))
  const fullest = Math.ceil(concurrency / mesh.dp)
  const memory = plan.ranks
    .map(({ rank }) => rankMemory(config, plan, rank, types, { sequences: fullest, contextTokens }))
    .reduce((most, some) => (some.peakBytes > most.peakBytes ? some : most))
  const oneSequence = predict(plan, 1)
  const concurrent = predict(plan, fullest)
  const oneAdapter = predict(planShards(config, 1), 1)
  const alone = oneSequence.seconds - oneSequence.exchangeSeconds
  return {
    mesh,
    /** Of the rank that needs the most. */
    memory,
    fits: memory.peakBytes <= hardware.memoryBytes,
    /** One sequence: the seconds are those of a token. */
    oneSequence,
    /** The workload's sequences, shared evenly by the replicas: the step of the fullest. */
    concurrent,
    tokensPerSecond: concurrency / concurrent.seconds,
    /**
     * What a synchronisation of this mesh may take, latency and bytes together, for one sequence to be as fast as on one
     * adapter; null for one rank. Not above 0: it never is.
     */
    breakEvenSeconds: mesh.tp === 1 ? null : (oneAdapter.seconds - alone) / oneSequence.cost.synchronisations,
  }
}

/** The fitting mesh whose one sequence is fastest, and the one with most tokens a second; null where none fits. */
export function bestMeshes(predictions: readonly MeshPrediction[]) {
  const best = (value: (prediction: MeshPrediction) => number) =>
    predictions
      .filter(prediction => prediction.fits)
      .reduce<MeshPrediction | null>((most, some) => (most && value(most) >= value(some) ? most : some), null)
  return {
    latency: best(prediction => -prediction.oneSequence.seconds),
    throughput: best(prediction => prediction.tokensPerSecond),
  }
}

/** A decoding step of a rank: of the slowest of a group it is that of all. */
function predictStep(cost: StepCost, hardware: Hardware) {
  const reading = cost.readBytes / hardware.bandwidthBytesPerSecond
  const deviceSeconds = Math.max(reading, cost.flops / hardware.flopsPerSecond)
  const dispatchSeconds = cost.dispatches * hardware.dispatchSeconds
  const exchangeSeconds =
    cost.synchronisations * hardware.latencySeconds + cost.messageBytes / hardware.linkBytesPerSecond
  return {
    cost,
    /** Reading or computing, whichever is longer. */
    deviceSeconds,
    dispatchSeconds,
    /** Latency and bytes of the synchronisations. */
    exchangeSeconds,
    /** A token of every sequence of the group: the sum, or the longer one where the two overlap. */
    seconds: cost.overlaps
      ? Math.max(deviceSeconds + dispatchSeconds, exchangeSeconds)
      : deviceSeconds + dispatchSeconds + exchangeSeconds,
  }
}
