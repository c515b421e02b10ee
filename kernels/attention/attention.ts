import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, createTensor, type Tensor, tensorBytes, tensorFrom, viewTensor } from '../gpu/tensor.ts'
import type { LayerCache } from '../rope/rope.ts'
import attentionHeads from '../shared/attention-heads.wgsl?raw'
import softCap from '../shared/soft-cap.wgsl?raw'
import source from './attention.wgsl?raw'
import mergeSource from './attention-merge.wgsl?raw'
import serialSource from './attention-serial.wgsl?raw'

const split = defineKernel('attention', [attentionHeads, softCap, source])
const merge = defineKernel('attention-merge', [attentionHeads, mergeSource])
const serial = defineKernel('attention-serial', [attentionHeads, softCap, serialSource])

/** Keys that one workgroup reads, the SPLIT of the shaders: a longer sequence leaves partial results to be merged. */
export const splitKeys = 128
/** Keys that are read at a time, the TILE and BLOCK of the shaders: a cache that positions go round has room for as many. */
const tileKeys = 64
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
  /** [rows] u32: each row sees the keys at positions up to its own of its slot. */
  positions: Tensor
  /** [rows] u32. */
  slots: Tensor
  /** [rows, H, d] f32. */
  out: Tensor
  /** Factor of q · k, and the c of c · tanh(x / c) that scores then pass through; null without. */
  scale: number
  cap: number | null
  /** Keys that a row sees, its own being the last; null of all. */
  window: number | null
  /** Made for at least these rows, heads and splits. */
  scratch: AttentionScratch
  /** The largest position among the rows. */
  lastPosition: number
}

/** Partial results of the splits of long sequences: maxima and sums, and unnormalised outputs. */
export interface AttentionScratch {
  sums: Tensor
  outputs: Tensor
}

/** Splits that the keys of a row fall into at most, in sequences of at most `keys` keys: what lies before a window has none. */
export function attentionSplits(keys: number, window: number | null): number {
  const all = Math.ceil(keys / splitKeys)
  // A window's first key may be the last of its split.
  return window === null ? all : Math.min(all, Math.ceil((window - 1) / splitKeys) + 1)
}

/** Makes room for the partial results of `rows` rows whose keys fall into at most `splits` splits. */
export async function createAttentionScratch(
  device: Device,
  rows: number,
  heads: number,
  width: number,
  splits: number,
): Promise<AttentionScratch> {
  const make = (what: string, elements: number) =>
    createTensor(device, `attention ${what}`, 'f32', [elements])
  return {
    sums: await make('sums', rows * heads * splits * 2),
    outputs: await make('outputs', splits === 1 ? 1 : rows * heads * splits * width),
  }
}

/**
 * Records causal grouped-query attention over the cache: one dispatch, or two where the keys of some row exceed one
 * workgroup's. Head width: a multiple of 4, at most 256. With a window, positions may go round the cache: it then holds a
 * sequence's last `capacity` positions, those of this step among them, and no row may see an earlier one. Throws where
 * shapes do not fit.
 */
export function attention(
  recorder: Recorder,
  use: Attention,
  variant: 'split' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'split',
): void {
  const { q, cache, groups, positions, slots, scale, cap, window, out, scratch, lastPosition } = use
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
    (lastPosition >= capacity && (window === null || capacity < Math.max(window, tileKeys)))
  )
    throw new Error(
      `attention: width ${width}, ${heads} heads over ${keyValueHeads}, position ${lastPosition}; expected a width that is ` +
        `a multiple of 4 up to 256, groups of these heads, and a position below the cache's capacity of ${capacity}` +
        (window === null ? '' : ` or a capacity of the window of ${window} and ${tileKeys}`),
    )
  const keys = lastPosition + 1
  const seen = Math.min(keys, window ?? keys)
  const windowWord = window ?? 0xffffffff
  const shape = { query_heads: heads, width, capacity, window: windowWord, scale, cap: cap ?? 0 }
  const cost = {
    bytes: 2 * tensorBytes(q) + 2 * rows * keyValueHeads * seen * width * 4,
    flops: 4 * rows * heads * seen * width,
  }
  const groupCount = groups.tensor.shape[0] ?? 0
  const inputs = { q, keys: cache.keys, values: cache.values, positions, slots, groups: groups.tensor }
  if (variant === 'serial') {
    const params = { rows, key_value_heads: keyValueHeads, groups: groupCount, ...shape }
    const workgroups = [Math.ceil(heads / 4), rows] as const
    recorder.dispatch(serial, { params, tensors: { ...inputs, out }, workgroups, cost })
    return
  }
  const splits = attentionSplits(keys, window)
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
    params: { rows, query_heads: heads, width, splits, window: windowWord },
    tensors: { partial_sums: sums, partials: outputs, positions, out },
    constants: { SPLIT: splitKeys },
    workgroups: [Math.ceil((heads * width) / 4 / 64), rows],
    cost: {
      bytes: rows * heads * splits * (width + 2) * 4 + tensorBytes(out),
      flops: 3 * rows * heads * splits * width,
    },
  })
}
