import { formatMs, formatSignificant as significant } from '../../core/format-number.ts'
import type { typesOf } from '../../core/model/checkpoint.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import {
  type Assumption,
  assume,
  bestMeshes,
  type Hardware,
  hardwareOf,
  type Measured,
  type Mesh,
  type MeshPrediction,
  meshesOf,
  predictMesh,
  type Workload,
} from '../../core/model/cost-model.ts'
import { rankWeightBytes, shardTensors, type WeightTypes } from '../../core/model/layout.ts'
import { planShards, type Range } from '../../core/parallel/plan-shards.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import { type Column, renderTable, rowsOf } from '../terminal/report.ts'

/** What `entrace plan --json` prints. */
export type PlanReport = ReturnType<typeof planReport>

interface PlanRequest {
  adapters: number
  /** Ranks whose shards are wanted, or null. */
  tp: number | null
  workload: Workload
  given: Partial<Hardware>
  /** Of the adapters at hand. */
  measured?: Measured
}

/** Predicts every mesh of so many adapters. `model` is only named. */
export function planReport(
  model: string,
  config: ModelConfig,
  { types, names: dtype }: ReturnType<typeof typesOf>,
  request: PlanRequest,
) {
  const { adapters, tp, workload, given, measured } = request
  const assumptions = assume(given, measured)
  const hardware = hardwareOf(assumptions)
  const meshes = meshesOf(config, adapters).map(mesh => predictMesh(config, types, mesh, workload, hardware))
  const { latency, throughput } = bestMeshes(meshes)
  return {
    formatVersion,
    model,
    family: config.family,
    /** Of a layer of experts, how many there are, and how many take a row; null in a model without. */
    experts: config.experts && { count: config.experts.count, perToken: config.experts.perToken },
    dtype,
    adapters,
    workload,
    assumptions,
    meshes,
    /** Null where no mesh fits. */
    best: { latency: latency?.mesh ?? null, throughput: throughput?.mesh ?? null },
    /** Of every rank, where a tensor-parallel size was asked for. */
    shards: tp === null ? null : shardReports(config, tp, types),
  }
}

/** What each rank holds, and reads of the checkpoint. */
function shardReports(config: ModelConfig, tp: number, types: WeightTypes) {
  const plan = planShards(config, tp)
  return plan.ranks.map(shard => ({
    ...shard,
    weightBytes: rankWeightBytes(config, plan, shard.rank, types),
    tensors: shardTensors(config, plan, shard.rank),
  }))
}

const assumptionTexts: Record<Assumption['name'], [label: string, show: (value: number) => string]> = {
  memoryBytes: ['memory of an adapter', value => `${significant(value / 1e9)} GB`],
  bandwidthBytesPerSecond: ['bandwidth of its memory', value => `${significant(value / 1e12)} TB/s`],
  flopsPerSecond: ['its arithmetic', value => `${significant(value / 1e12)} TFLOP/s`],
  latencySeconds: ['latency of a synchronisation', value => microseconds(value)],
  linkBytesPerSecond: ['link to the host', value => `${significant(value / 1e9)} GB/s`],
  dispatchSeconds: ['overhead of a dispatch', value => microseconds(value)],
}

const meshColumns: Column<MeshPrediction>[] = [
  ['mesh', ({ mesh }) => meshName(mesh)],
  ['weights', ({ memory }) => significant(memory.weightBytes / 1e9)],
  ['cache', ({ memory }) => significant(memory.cacheBytes / 1e9)],
  ['peak', ({ memory }) => significant(memory.peakBytes / 1e9)],
  ['GB read', ({ oneSequence }) => significant(oneSequence.cost.readBytes / 1e9)],
  ['dispatches', ({ oneSequence }) => String(oneSequence.cost.dispatches)],
  ['syncs', ({ oneSequence }) => String(oneSequence.cost.synchronisations)],
  ['limit ms', ({ oneSequence }) => significant(oneSequence.deviceSeconds * 1e3)],
  ['ms', ({ oneSequence }) => significant(oneSequence.seconds * 1e3)],
  ['tokens/s', ({ oneSequence }) => significant(1 / oneSequence.seconds)],
  [
    'break-even µs',
    ({ breakEvenSeconds: even }) => (even === null ? '–' : even > 0 ? significant(even * 1e6) : 'never'),
  ],
  ['ms a step', ({ concurrent }) => significant(concurrent.seconds * 1e3)],
  ['tokens/s', ({ tokensPerSecond }) => significant(tokensPerSecond)],
  ['', ({ fits }) => (fits ? '' : 'does not fit')],
]

/** A report as text for a terminal. */
export function renderPlan(report: PlanReport): string {
  const { model, family, experts, dtype, adapters, workload, assumptions, meshes, shards } = report
  // What columns are of, above the first of each group.
  const groups: Record<string, string> = {
    weights: 'rank: GB',
    'GB read': 'one sequence: a token',
    'ms a step': `${workload.concurrency} sequences`,
  }
  return [
    `${model} (${family}${experts ? `, ${experts.perToken} of ${experts.count} experts a row` : ''}), ${dtype}, ${adapters} adapters, sequences of ${workload.contextTokens} tokens. Predicted, not measured.`,
    '',
    renderTable([meshColumns.map(([heading]) => groups[heading] ?? ''), ...rowsOf(meshColumns, meshes)]),
    '',
    'GB read, dispatches and syncs are of the slowest rank. Limit: reading or computing alone. Break-even: what a',
    'synchronisation may take, bytes included, for one sequence to be as fast as on one adapter.',
    '',
    renderVerdict(report),
    '',
    assumptions.some(({ measured }) => measured) ? 'Measured and assumed' : 'Assumed',
    renderTable(
      assumptions.map(({ name, value, reason }) => {
        const [label, show] = assumptionTexts[name]
        return [`  ${label}`, show(value), reason]
      }),
    ),
    ...(shards ? ['', `Shards of tp ${shards.length}`, renderTable(rowsOf(columnsOf(report), shards))] : []),
  ].join('\n')
}

/** The best meshes, and whether several adapters beat one for one sequence. */
export function renderVerdict({ meshes, best, adapters, workload }: PlanReport): string {
  const find = (mesh: Mesh | null) => meshes.find(one => one.mesh.tp === mesh?.tp)
  const latency = find(best.latency)
  const throughput = find(best.throughput)
  if (!latency || !throughput)
    return `No mesh of ${adapters} adapters fits; use more adapters, fewer sequences or a shorter context.`
  return [
    `Best for one sequence: ${meshName(latency.mesh)}, ${milliseconds(latency.oneSequence.seconds)} a token, ` +
      `${significant(1 / latency.oneSequence.seconds)} tokens/s.`,
    `Best for ${workload.concurrency} sequences: ${meshName(throughput.mesh)}, ${significant(throughput.tokensPerSecond)} tokens/s.`,
    ...oneAgainstSeveral(meshes),
  ].join('\n')
}

/** One adapter against the fastest tensor-parallel mesh, for one sequence. */
function oneAgainstSeveral(meshes: readonly MeshPrediction[]): string[] {
  const one = meshes.find(({ mesh }) => mesh.tp === 1)
  const [several] = meshes
    .filter(({ mesh, fits }) => mesh.tp > 1 && fits)
    .sort((a, b) => a.oneSequence.seconds - b.oneSequence.seconds)
  if (!one || !several) return []
  if (!one.fits) return ['One adapter does not hold it.']
  const { oneSequence: step, breakEvenSeconds } = several
  const times = `${milliseconds(one.oneSequence.seconds)} a token against ${milliseconds(step.seconds)}`
  const predicted = microseconds(step.exchangeSeconds / step.cost.synchronisations)
  const condition =
    breakEvenSeconds !== null && breakEvenSeconds > 0
      ? `under ${microseconds(breakEvenSeconds)} a synchronisation; ${predicted} are assumed`
      : 'at no latency whatever'
  return one.oneSequence.seconds <= step.seconds
    ? [
        `For one sequence one adapter beats ${several.mesh.tp}: ${times}. Tensor parallelism over ${several.mesh.tp} would win ${condition}.`,
      ]
    : [
        `For one sequence ${several.mesh.tp} adapters beat one: ${milliseconds(step.seconds)} a token against ` +
          `${milliseconds(one.oneSequence.seconds)}. They do ${condition}.`,
      ]
}

const shardColumns: Column<ReturnType<typeof shardReports>[number]>[] = [
  ['  rank', ({ rank }) => `  ${rank}`],
  ['query heads', ({ queryHeads }) => showRange(queryHeads)],
  ['key-value heads', ({ keyValueHeads }) => showRange(keyValueHeads)],
  ['MLP columns', ({ mlp }) => showRange(mlp)],
  ["experts' columns", ({ expert }) => showRange(expert)],
  ['vocabulary rows', ({ vocabulary }) => showRange(vocabulary)],
  ['weights, bytes', ({ weightBytes }) => weightBytes.toLocaleString('en-US')],
]

/** The columns of shards; without experts none of theirs. */
function columnsOf({ experts }: PlanReport) {
  return experts ? shardColumns : shardColumns.filter(([heading]) => heading !== "experts' columns")
}

function showRange({ first, count }: Range): string {
  return count === 0 ? 'none' : `${first}–${first + count - 1} (${count})`
}

function meshName({ dp, tp }: Mesh): string {
  return `dp ${dp} × tp ${tp}`
}

function milliseconds(seconds: number): string {
  return formatMs(seconds * 1e3)
}

function microseconds(seconds: number): string {
  return `${significant(seconds * 1e6)} µs`
}
