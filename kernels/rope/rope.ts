import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import workgroupTree from '../shared/workgroup-tree.wgsl?raw'
import source from './rope.wgsl?raw'
import squaresSource from './rope-squares.wgsl?raw'

const kernel = defineKernel('rope', source)
const squares = defineKernel('rope-squares', [workgroupTree, squaresSource])

/** Keys and values of one layer: keys [slots, heads, width / 4, capacity, 4], values [slots, heads, capacity, width], f32. */
export interface LayerCache {
  keys: Tensor
  values: Tensor
}

/** How far queries and keys turn. */
export interface Turns {
  /** [places, pairs, 2] f32: cos and sin of each pair of a head that turns; the numbers behind 2 · pairs do not. */
  table: Tensor
  /** [rows] u32: each row's place in the table. */
  places: Tensor
}

/** RMSNorm of queries and keys before they turn: of every head, or of all heads at once. */
export interface HeadNorm {
  /** [2 · d] f32, the weight of every query head and that of every key head; of all heads at once [(H + K) · d], as in qkv. */
  weight: Tensor
  /** Of all heads at once: the sums of squares over all ranks, [rows, 2], and the model's query heads and key heads. */
  full: { sums: Tensor; queryHeads: number; keyHeads: number } | null
  epsilon: number
}

/**
 * Tensors of a rotation; H query heads, K key-value heads, d head width. Positions, slots and places of the turns lie in
 * one buffer, the positions before the others: WebGPU grants eight storage buffers.
 */
export interface Rope {
  /** [rows, (H + 2K) · d] f32. */
  qkv: Tensor
  /** [rows] u32: where each row stands in its sequence; its place in the cache is the remainder by the cache's capacity. */
  positions: Tensor
  /** [rows] u32: the cache slot of each row's sequence. */
  slots: Tensor
  /** Null where nothing turns. */
  turns: Turns | null
  norm: HeadNorm | null
  /** [rows, H, d] f32: the rotated queries. */
  q: Tensor
  /** Where the rotated keys and the values go. */
  cache: LayerCache
}

/**
 * Records the norm and the rotation of queries and keys, and the writing of keys and values into the cache. Throws where
 * shapes do not fit.
 */
export function rope(recorder: Recorder, { qkv, positions, slots, turns, norm, q, cache }: Rope): void {
  const [rows = 0, queryHeads = 0, width = 0] = q.shape
  const [slotCount = 0, keyValueHeads = 0, , capacity = 0] = cache.keys.shape
  const heads = queryHeads + 2 * keyValueHeads
  const [places = 0, pairs = 0] = turns?.table.shape ?? []
  checkTensor('rope', q, ['f32'], [rows, queryHeads, width])
  checkTensor('rope', qkv, ['f32'], [rows, heads * width])
  checkTensor('rope', positions, ['u32'], [rows])
  checkTensor('rope', slots, ['u32'], [rows])
  if (turns) {
    checkTensor('rope', turns.table, ['f32'], [places, Math.min(pairs, width / 2), 2])
    checkTensor('rope', turns.places, ['u32'], [rows])
  }
  if (norm) checkTensor('rope', norm.weight, ['f32'], [(norm.full ? queryHeads + keyValueHeads : 2) * width])
  if (norm?.full) checkTensor('rope', norm.full.sums, ['f32'], [rows, 2])
  checkTensor('rope', cache.keys, ['f32'], [slotCount, keyValueHeads, width / 4, capacity, 4])
  checkTensor('rope', cache.values, ['f32'], [slotCount, keyValueHeads, capacity, width])
  const normalised = norm ? rows * (queryHeads + keyValueHeads) * width : 0
  recorder.dispatch(kernel, {
    params: {
      rows,
      query_heads: queryHeads,
      key_value_heads: keyValueHeads,
      width,
      pairs,
      capacity,
      slots_at: wordsBetween(positions, slots),
      turns_at: turns ? wordsBetween(positions, turns.places) : 0,
      query_count: (norm?.full?.queryHeads ?? 1) * width,
      key_count: (norm?.full?.keyHeads ?? 1) * width,
      epsilon: norm?.epsilon ?? 0,
    },
    tensors: {
      qkv,
      places: positions,
      // What a model lacks is not read; another input stands in, since WebGPU wants a buffer in every binding.
      table: turns?.table ?? qkv,
      weight: norm?.weight ?? qkv,
      sums: norm?.full?.sums ?? qkv,
      q,
      keys: cache.keys,
      values: cache.values,
    },
    constants: { NORM: norm ? (norm.full ? 2 : 1) : 0 },
    workgroups: [Math.ceil((heads * width) / 2 / 64), rows],
    cost: {
      bytes: 2 * tensorBytes(qkv) + rows * pairs * 8 + (norm ? tensorBytes(norm.weight) : 0),
      flops: 6 * rows * (queryHeads + keyValueHeads) * pairs + 4 * normalised,
    },
  })
}

/** Words from the start of one tensor to that of another in its buffer. */
function wordsBetween(first: Tensor, other: Tensor): number {
  const words = (other.offsetBytes - first.offsetBytes) / 4
  if (other.buffer !== first.buffer || words < 0)
    throw new Error(
      `rope: ${other.name} lies elsewhere, expected it behind ${first.name} in one buffer; make them together`,
    )
  return words
}

/**
 * Records the sums of squares of the queries and of the keys of each row, [rows, 2] f32, of which a norm of all heads at
 * once is made. `queryHeads` are those of qkv [rows, (H + 2K) · d], whose key heads are counted from `keyHeads.first`:
 * of several ranks that hold a key head one counts it.
 */
export function headSquares(
  recorder: Recorder,
  qkv: Tensor,
  heads: { width: number; queryHeads: number; keyHeads: { first: number; count: number } },
  sums: Tensor,
): void {
  const [rows = 0, inputs = 0] = qkv.shape
  const { width, queryHeads, keyHeads } = heads
  checkTensor('rope-squares', sums, ['f32'], [rows, 2])
  const counted = (queryHeads + keyHeads.count) * width
  recorder.dispatch(squares, {
    params: {
      width: inputs,
      queries: queryHeads * width,
      first_key: (queryHeads + keyHeads.first) * width,
      keys: keyHeads.count * width,
    },
    tensors: { qkv, sums },
    workgroups: [rows, 2],
    cost: { bytes: rows * counted * 4 + tensorBytes(sums), flops: 2 * rows * counted },
  })
}
