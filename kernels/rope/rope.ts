import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './rope.wgsl?raw'

const kernel = defineKernel('rope', source)

/** Keys and values of one layer: keys [slots, heads, width / 4, capacity, 4], values [slots, heads, capacity, width], f32. */
export interface LayerCache {
  keys: Tensor
  values: Tensor
}

/** Tensors of a rotation; H query heads, K key-value heads, d head width. */
export interface Rope {
  /** [rows, (H + 2K) · d] f32. */
  qkv: Tensor
  /** [rows] u32: where each row stands in its sequence. */
  positions: Tensor
  /** [rows] u32: the cache slot of each row's sequence. */
  slots: Tensor
  /** [positions, d / 2, 2] f32, made by ropeTable. */
  table: Tensor
  /** [rows, H, d] f32: the rotated queries. */
  q: Tensor
  /** Where the rotated keys and the values go. */
  cache: LayerCache
}

/** Records the rotation of queries and keys, and the writing of keys and values into the cache. */
export function rope(recorder: Recorder, { qkv, positions, slots, table, q, cache }: Rope): void {
  const [rows = 0, queryHeads = 0, width = 0] = q.shape
  const [slotCount = 0, keyValueHeads = 0, , capacity = 0] = cache.keys.shape
  const heads = queryHeads + 2 * keyValueHeads
  checkTensor('rope', q, ['f32'], [rows, queryHeads, width])
  checkTensor('rope', qkv, ['f32'], [rows, heads * width])
  checkTensor('rope', positions, ['u32'], [rows])
  checkTensor('rope', slots, ['u32'], [rows])
  checkTensor('rope', table, ['f32'], [table.shape[0] ?? 0, width / 2, 2])
  checkTensor('rope', cache.keys, ['f32'], [slotCount, keyValueHeads, width / 4, capacity, 4])
  checkTensor('rope', cache.values, ['f32'], [slotCount, keyValueHeads, capacity, width])
  recorder.dispatch(kernel, {
    params: { rows, query_heads: queryHeads, key_value_heads: keyValueHeads, width, capacity },
    tensors: { qkv, positions, slots, table, q, keys: cache.keys, values: cache.values },
    workgroups: [Math.ceil((heads * width) / 2 / 64), rows],
    cost: {
      bytes: 2 * tensorBytes(qkv) + rows * width * 4,
      flops: 3 * rows * (queryHeads + keyValueHeads) * width,
    },
  })
}

/**
 * cos and sin of position · theta^(−2i / width) for every position below `positions` and i below width / 2, as pairs
 * [positions, width / 2, 2]. Computed in float64 and rounded once: WGSL's own sin and cos are off by 3e-3 at large
 * arguments.
 */
export function ropeTable(width: number, theta: number, positions: number): Float32Array<ArrayBuffer> {
  const half = width / 2
  const table = new Float32Array(positions * half * 2)
  for (let i = 0; i < half; i++) {
    const frequency = theta ** ((-2 * i) / width)
    for (let position = 0; position < positions; position++) {
      table[(position * half + i) * 2] = Math.cos(position * frequency)
      table[(position * half + i) * 2 + 1] = Math.sin(position * frequency)
    }
  }
  return table
}
