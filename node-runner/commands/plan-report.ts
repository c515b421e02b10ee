import type { WeightDtype } from '../../core/formats/safetensors.ts'
import { formatVersion } from '../../core/formats/sample-record.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import {
  bestMeshes,
  type Hardware,
  type Mesh,
  type MeshPrediction,
  meshesOf,
  predictMesh,
  type Workload,
} from '../../core/parallel/cost-model.ts'
import {
  type Assumption,
  assume,
  hardwareOf,
  type Measured,
} from '../../core/parallel/hardware-assumptions.ts'
import { planShards, type RankShard } from '../../core/parallel/plan-shards.ts'
import { rankWeightBytes } from '../../core/parallel/rank-weight-bytes.ts'
import { shardTensors, type TensorShard } from '../../core/parallel/shard-tensors.ts'

/** What `entrace plan --json` prints. */
export interface PlanReport {
  formatVersion: string
  model: string
  dtype: WeightDtype
  adapters: number
  workload: Workload
  assumptions: Assumption[]
  meshes: MeshPrediction[]
  /** Null where no mesh fits. */
  best: { latency: Mesh | null; throughput: Mesh | null }
  /** Of every rank, where a tensor-parallel size was asked for. */
  shards: ShardReport[] | null
}

/** What a rank holds. */
export interface ShardReport extends RankShard {
  weightBytes: number
  /** What it reads of the checkpoint. */
  tensors: TensorShard[]
}

/** What a plan is asked for. */
export interface PlanRequest {
  adapters: number
  /** Ranks whose shards are wanted, or null. */
  tp: number | null
  workload: Workload
  given: Partial<Hardware>
  /** Of the adapters at hand. */
  measured?: Measured
}

/** Predicts every mesh of so many adapters. `model` is only named. A config that states no type is taken as bf16. */
export function planReport(model: string, config: ModelConfig, request: PlanRequest): PlanReport {
  const { adapters, tp, workload, given, measured } = request
  const dtype = config.dtype ?? 'bf16'
  const assumptions = assume(given, measured)
  const hardware = hardwareOf(assumptions)
  const meshes = meshesOf(config, adapters).map(mesh => predictMesh(config, dtype, mesh, workload, hardware))
  const { latency, throughput } = bestMeshes(meshes)
  return {
    formatVersion,
    model,
    dtype,
    adapters,
    workload,
    assumptions,
    meshes,
    best: { latency: latency?.mesh ?? null, throughput: throughput?.mesh ?? null },
    shards: tp === null ? null : shardReports(config, tp, dtype),
  }
}

function shardReports(config: ModelConfig, tp: number, dtype: WeightDtype): ShardReport[] {
  const plan = planShards(config, tp)
  return plan.ranks.map(shard => ({
    ...shard,
    weightBytes: rankWeightBytes(config, plan, shard.rank, dtype),
    tensors: shardTensors(config, plan, shard.rank),
  }))
}
