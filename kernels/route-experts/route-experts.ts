import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, createTensor, type Tensor, tensorBytes, viewTensor } from '../gpu/tensor.ts'
import type { ExpertRows } from '../linear/linear.ts'
import mostExperts from '../shared/most-experts.wgsl?raw'
import source from './route-experts.wgsl?raw'
import tilesSource from './route-experts-tiles.wgsl?raw'

const route = defineKernel('route-experts', [mostExperts, source])
const tilesOf = defineKernel('route-experts-tiles', [mostExperts, tilesSource])

/** Experts of a layer at most; the MAX_EXPERTS of the shaders. */
export const maxExperts = 1024

/** Which experts compute each of N rows, of which each has k. */
export interface ExpertRoutes {
  /** [N, k] u32, a row's in the order of their ids. */
  experts: Tensor
  /** [N, k] f32, what their outputs are multiplied by. */
  weights: Tensor
  /** u32: pairs by expert, and tiles of them. */
  list: Tensor
}

/** Makes room for the routes of at most `rows` rows to `perRow` experts each. */
export async function createExpertRoutes(
  device: Device,
  rows: number,
  perRow: number,
): Promise<ExpertRoutes> {
  return {
    experts: await createTensor(device, 'experts', 'u32', [rows, perRow]),
    weights: await createTensor(device, "experts' weights", 'f32', [rows, perRow]),
    list: await createTensor(device, "experts' tiles", 'u32', [expertListWords(rows * perRow)]),
  }
}

/** u32 words of a list of so many pairs: tiles are at most as many. */
export function expertListWords(pairs: number): number {
  return pairs * 4
}

/**
 * Rows of a tile for so many pairs: one pair where most experts have no more, else as many as the linear kernels compute with
 * one reading of a weight. Tiles of 64 are worth their empty rows where an expert has about 17 pairs.
 */
export function expertTileRows(device: Device, pairs: number, experts: number): ExpertRows['tileRows'] {
  if (pairs <= experts) return 1
  if (device.kind === 'cpu') return 4
  return pairs < 17 * experts ? 8 : 64
}

/**
 * Records the choice of each row's experts, k of the largest of logits [N, experts] f32, into `routes`, and returns how linear
 * kernels go over the pairs. With `normalised`, a row's weights sum to 1. One dispatch, two where tiles have several rows.
 * Throws where shapes do not fit.
 */
export function routeExperts(
  recorder: Recorder,
  logits: Tensor,
  { experts, weights, list }: ExpertRoutes,
  normalised: boolean,
  tileRows: ExpertRows['tileRows'] = expertTileRows(
    recorder.device,
    (experts.shape[0] ?? 0) * (experts.shape[1] ?? 0),
    logits.shape[1] ?? 0,
  ),
  variant: 'parallel' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'parallel',
): ExpertRows {
  const [rows = 0, count = 0] = logits.shape
  const perRow = experts.shape[1] ?? 0
  checkTensor('route-experts', logits, ['f32'], [rows, count])
  checkTensor('route-experts', experts, ['u32'], [rows, perRow])
  checkTensor('route-experts', weights, ['f32'], [rows, perRow])
  if (perRow < 1 || perRow > count || count > maxExperts)
    throw new Error(
      `route-experts: ${perRow} of ${count} experts a row, expected at least 1 of at most ${maxExperts}; check the model's config`,
    )
  const pairs = rows * perRow
  recorder.dispatch(route, {
    params: { experts: count, kept: perRow },
    tensors: { logits, experts, weights },
    constants: { NORMALISED: normalised ? 1 : 0, ...(variant === 'serial' ? { THREADS: 1 } : {}) },
    workgroups: [rows],
    cost: { bytes: tensorBytes(logits) + 8 * pairs, flops: 0 },
  })
  if (tileRows === 1) return { experts: count, tileRows, tiles: pairs, routes: experts }
  // As many as there can be: every expert has one that is not full.
  const tiles = Math.min(pairs, Math.floor((pairs + count * (tileRows - 1)) / tileRows))
  const routes = viewTensor(list, [pairs + 3 * tiles])
  recorder.dispatch(tilesOf, {
    params: { pairs, experts: count, tile_rows: tileRows, tiles },
    tensors: { experts, list: routes },
    constants: variant === 'serial' ? { THREADS: 1 } : {},
    workgroups: [1],
    cost: { bytes: 4 * (2 * pairs + 3 * tiles), flops: 0 },
  })
  return { experts: count, tileRows, tiles, routes }
}
