import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, createTensor, type Tensor, tensorBytes, tensorFrom, viewTensor } from '../gpu/tensor.ts'
import type { LayerCache } from '../rope/rope.ts'
import attentionHeads from '../shared/attention-heads.wgsl?raw'
import source from './attention.wgsl?raw'
import mergeSource from './attention-merge.wgsl?raw'
import serialSource from './attention-serial.wgsl?raw'

const split = defineKernel('attention', [attentionHeads, source])
const merge = defineKernel('attention-merge', mergeSource)
const serial = defineKernel('attention-serial', [attentionHeads, serialSource])

/** Keys that one workgroup reads, the SPLIT of the shaders: a longer sequence leaves partial results to be merged. */
export const splitKeys = 128
/** Query heads that one workgroup computes; the GROUP of the shader. */
const headsOfWorkgroup = 8

/** Which query heads share a key-value head: groups of neighbouring heads, [groups, 3] u32 (first head, heads, key-value head). */
export interface HeadGroups {
  tensor: Tensor
  heads: number
  keyValueHeads: number
}

/**
 * Makes the groups from the key-value head of each query head (in the order of the heads: neighbours share). A rank of a
 * tensor-parallel model may hold parts of a model's groups, of unequal sizes.
 */
export async function createHeadGroups(
  device: Device,
  keyValueHeadOfQuery: readonly number[],
  keyValueHeads: number,
): Promise<HeadGroups> {
  const groups: [first: number, heads: number, keyValueHead: number][] = []
  for (const [head, keyValueHead] of keyValueHeadOfQuery.entries()) {
    const last = groups.at(-1)
    if (last?.[2] === keyValueHead && last[1] < headsOfWorkgroup) last[1]++
    else groups.push([head, 1, keyValueHead])
  }
  const words = new Uint32Array(groups.flat())
  const tensor =
    groups.length === 0
      ? await createTensor(device, 'head groups', 'u32', [0, 3])
      : await tensorFrom(device, 'head groups', [groups.length, 3], words)
  return { tensor, heads: keyValueHeadOfQuery.length, keyValueHeads }
}

/** Tensors of an attention; H query heads, d head width. */
export interface Attention {
  /** [rows, H, d] f32, rotated. */
  q: Tensor
  cache: LayerCache
  groups: HeadGroups
  /** [rows] u32: each row sees the keys at positions 0 to its own of its slot. */
  positions: Tensor
  /** [rows] u32. */
  slots: Tensor
  /** [rows, H, d] f32. */
  out: Tensor
  /** Made for at least these rows, heads and keys. */
  scratch: AttentionScratch
  /** The largest position among the rows. */
  lastPosition: number
}

/** Partial results of the splits of long sequences: maxima and sums, and unnormalised outputs. */
export interface AttentionScratch {
  sums: Tensor
  outputs: Tensor
}

/** Makes room for the partial results of `rows` rows where the longest sequence has `keys` keys. */
export async function createAttentionScratch(
  device: Device,
  rows: number,
  heads: number,
  width: number,
  keys: number,
): Promise<AttentionScratch> {
  const splits = Math.ceil(keys / splitKeys)
  const make = (what: string, elements: number) =>
    createTensor(device, `attention ${what}`, 'f32', [elements])
  return {
    sums: await make('sums', rows * heads * splits * 2),
    outputs: await make('outputs', splits === 1 ? 1 : rows * heads * splits * width),
  }
}

/**
 * Records causal grouped-query attention over the cache: one dispatch, or two where the longest sequence exceeds
 * one workgroup's keys. Head width: a multiple of 4, at most 256. Throws where shapes do not fit.
 */
export function attention(
  recorder: Recorder,
  use: Attention,
  variant: 'split' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'split',
): void {
  const { q, cache, groups, positions, slots, out, scratch, lastPosition } = use
  const [rows = 0, heads = 0, width = 0] = q.shape
  const [slotCount = 0, keyValueHeads = 1, , capacity = 0] = cache.keys.shape
  checkTensor('attention', q, ['f32'], [rows, heads, width])
  checkTensor('attention', out, ['f32'], [rows, heads, width])
  checkTensor('attention', cache.keys, ['f32'], [slotCount, keyValueHeads, width / 4, capacity, 4])
  checkTensor('attention', cache.values, ['f32'], [slotCount, keyValueHeads, capacity, width])
  checkTensor('attention', positions, ['u32'], [rows])
  checkTensor('attention', slots, ['u32'], [rows])
  if (
    width % 4 !== 0 ||
    width > 256 ||
    groups.heads !== heads ||
    groups.keyValueHeads !== keyValueHeads ||
    lastPosition >= capacity
  )
    throw new Error(
      `attention: width ${width}, ${heads} heads over ${keyValueHeads}, position ${lastPosition}; expected a width that is ` +
        `a multiple of 4 up to 256, groups of these heads, and a position below the cache's capacity of ${capacity}`,
    )
  const keys = lastPosition + 1
  const shape = { query_heads: heads, width, capacity, scale: 1 / Math.sqrt(width) }
  const cost = {
    bytes: 2 * tensorBytes(q) + 2 * rows * keyValueHeads * keys * width * 4,
    flops: 4 * rows * heads * keys * width,
  }
  const groupCount = groups.tensor.shape[0] ?? 0
  const inputs = { q, keys: cache.keys, values: cache.values, positions, slots, groups: groups.tensor }
  if (variant === 'serial') {
    const params = { rows, key_value_heads: keyValueHeads, groups: groupCount, ...shape }
    const workgroups = [Math.ceil(heads / 4), rows] as const
    recorder.dispatch(serial, { params, tensors: { ...inputs, out }, workgroups, cost })
    return
  }
  const splits = Math.ceil(keys / splitKeys)
  const sums = viewTensor(scratch.sums, [rows * heads * splits * 2])
  const outputs = splits === 1 ? out : viewTensor(scratch.outputs, [rows * heads * splits * width])
  recorder.dispatch(split, {
    params: { key_value_heads: keyValueHeads, splits, ...shape },
    tensors: { ...inputs, partial_sums: sums, out: outputs },
    constants: { SPLIT: splitKeys },
    workgroups: [rows, groupCount, splits],
    cost,
  })
  if (splits === 1) return
  recorder.dispatch(merge, {
    params: { rows, query_heads: heads, width, splits },
    tensors: { partial_sums: sums, partials: outputs, positions, out },
    constants: { SPLIT: splitKeys },
    workgroups: [Math.ceil((heads * width) / 4 / 64), rows],
    cost: {
      bytes: rows * heads * splits * (width + 2) * 4 + tensorBytes(out),
      flops: 3 * rows * heads * splits * width,
    },
  })
}
