import type { Mesh, MeshPrediction } from '../../core/parallel/cost-model.ts'
import type { Assumption } from '../../core/parallel/hardware-assumptions.ts'
import type { Range } from '../../core/parallel/split-range.ts'
import { renderTable } from '../terminal/report.ts'
import type { PlanReport, ShardReport } from './plan.ts'

const assumptionTexts: Record<Assumption['name'], { label: string; show: (value: number) => string }> = {
  memoryBytes: { label: 'memory of an adapter', show: value => `${significant(value / 1e9)} GB` },
  bandwidthBytesPerSecond: {
    label: 'bandwidth of its memory',
    show: value => `${significant(value / 1e12)} TB/s`,
  },
  flopsPerSecond: { label: 'its arithmetic', show: value => `${significant(value / 1e12)} TFLOP/s` },
  latencySeconds: { label: 'latency of a synchronisation', show: value => `${significant(value * 1e6)} µs` },
  linkBytesPerSecond: { label: 'link to the host', show: value => `${significant(value / 1e9)} GB/s` },
  dispatchSeconds: { label: 'overhead of a dispatch', show: value => `${significant(value * 1e6)} µs` },
}

/** A report as text for a terminal. */
export function renderPlan(report: PlanReport): string {
  const { model, dtype, adapters, workload, assumptions, meshes, shards } = report
  return [
    `${model}, ${dtype}, ${adapters} adapters, sequences of ${workload.contextTokens} tokens. Predicted, not measured.`,
    '',
    renderTable([
      [
        '',
        'rank: GB',
        '',
        '',
        'one sequence: a token',
        '',
        '',
        '',
        '',
        '',
        '',
        `${workload.concurrency} sequences`,
      ],
      [
        'mesh',
        'weights',
        'cache',
        'peak',
        'GB read',
        'dispatches',
        'syncs',
        'limit ms',
        'ms',
        'tokens/s',
        'break-even µs',
        'ms a step',
        'tokens/s',
      ],
      ...meshes.map(meshRow),
    ]),
    '',
    'GB read, dispatches and syncs are of the slowest rank. Limit: reading or computing alone. Break-even: what a',
    'synchronisation may take, bytes included, for one sequence to be as fast as on one adapter.',
    '',
    renderVerdict(report),
    '',
    assumptions.some(({ measured }) => measured) ? 'Measured and assumed' : 'Assumed',
    renderTable(
      assumptions.map(({ name, value, reason }) => [
        `  ${assumptionTexts[name].label}`,
        assumptionTexts[name].show(value),
        reason,
      ]),
    ),
    ...(shards ? ['', `Shards of tp ${shards.length}`, renderShards(shards)] : []),
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
    ...compareWithOne(meshes),
  ].join('\n')
}

/** One adapter against the fastest tensor-parallel mesh, for one sequence. */
function compareWithOne(meshes: readonly MeshPrediction[]): string[] {
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

function meshRow(prediction: MeshPrediction): string[] {
  const { mesh, memory, fits, oneSequence, concurrent, tokensPerSecond, breakEvenSeconds } = prediction
  return [
    meshName(mesh),
    significant(memory.weightBytes / 1e9),
    significant(memory.cacheBytes / 1e9),
    significant(memory.peakBytes / 1e9),
    significant(oneSequence.cost.readBytes / 1e9),
    String(oneSequence.cost.dispatches),
    String(oneSequence.cost.synchronisations),
    significant(oneSequence.deviceSeconds * 1e3),
    significant(oneSequence.seconds * 1e3),
    significant(1 / oneSequence.seconds),
    breakEvenSeconds === null ? '–' : breakEvenSeconds > 0 ? significant(breakEvenSeconds * 1e6) : 'never',
    significant(concurrent.seconds * 1e3),
    significant(tokensPerSecond),
    fits ? '' : 'does not fit',
  ]
}

function renderShards(shards: readonly ShardReport[]): string {
  return renderTable([
    ['rank', 'query heads', 'key-value heads', 'MLP columns', 'vocabulary rows', 'weights, bytes'].map(
      (heading, column) => (column === 0 ? `  ${heading}` : heading),
    ),
    ...shards.map(shard => [
      `  ${shard.rank}`,
      showRange(shard.queryHeads),
      showRange(shard.keyValueHeads),
      showRange(shard.mlp),
      showRange(shard.vocabulary),
      shard.weightBytes.toLocaleString('en-US'),
    ]),
  ])
}

function showRange({ first, count }: Range): string {
  return count === 0 ? 'none' : `${first}–${first + count - 1} (${count})`
}

function meshName({ dp, tp }: Mesh): string {
  return `dp ${dp} × tp ${tp}`
}

function milliseconds(seconds: number): string {
  return `${significant(seconds * 1e3)} ms`
}

function microseconds(seconds: number): string {
  return `${significant(seconds * 1e6)} µs`
}

/** Three significant digits, without an exponent. */
function significant(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, useGrouping: false }).format(value)
}
