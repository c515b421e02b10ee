import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor, tensorBytes, type Words, wordsOf } from '../gpu/tensor.ts'
import candidate from '../shared/candidate.wgsl?raw'
import finite from '../shared/finite.wgsl?raw'
import firstOfWorkgroup from '../shared/first-of-workgroup.wgsl?raw'
import mergeSource from './top-k-merge.wgsl?raw'
import serialSource from './top-k-serial.wgsl?raw'
import source from './top-k-slices.wgsl?raw'

const slices = defineKernel('top-k-slices', [finite, candidate, firstOfWorkgroup, source])
const merge = defineKernel('top-k-merge', [finite, candidate, firstOfWorkgroup, mergeSource])
const serial = defineKernel('top-k-serial', [finite, candidate, serialSource])

/** Logits of a slice; the SLICE of the shader. */
const sliceWidth = 2048

/** One of the largest logits of a row. */
export interface TopLogit {
  id: number
  logit: number
}

/** u32 words that the slices' candidates of `rows` rows of logits need. */
export function topKCandidateWords(rows: number, width: number, k: number): number {
  return rows * Math.ceil(width / sliceWidth) * k * 2
}

/**
 * Records the k largest logits of each row: logits [rows, width] f32; candidates, topKCandidateWords u32 at least;
 * top [rows, k, 2] u32, read by readTopLogits. Where a row has fewer
 * than k finite logits, the rest have id 0xffffffff. Throws where shapes do not fit.
 */
export function topK(
  recorder: Recorder,
  logits: Tensor,
  candidates: Tensor,
  top: Tensor,
  variant: 'slices' | 'serial' = recorder.device.kind === 'cpu' ? 'serial' : 'slices',
): void {
  const [rows = 0, width = 0] = logits.shape
  const k = top.shape[1] ?? 0
  checkTensor('top-k', logits, ['f32'], [rows, width])
  checkTensor('top-k', top, ['u32'], [rows, k, 2])
  if (k < 1) throw new Error(`top-k: k is ${k}, expected at least 1`)
  const cost = { bytes: tensorBytes(logits) + tensorBytes(top), flops: 0 }
  if (variant === 'serial') {
    const workgroups = [Math.ceil(rows / 4)] as const
    recorder.dispatch(serial, {
      params: { rows, width, k },
      tensors: { logits, top },
      workgroups,
      cost,
    })
    return
  }
  const params = { slices: Math.ceil(width / sliceWidth), k }
  const workgroups = [params.slices, rows] as const
  recorder.dispatch(slices, {
    params: { width, ...params },
    tensors: { logits, candidates },
    workgroups,
    cost,
  })
  const mergeCost = { bytes: topKCandidateWords(rows, width, k) * 4, flops: 0 }
  recorder.dispatch(merge, { params, tensors: { candidates, top }, workgroups: [rows], cost: mergeCost })
}

/** The largest logits of row `row`, largest first, from what was read of a top tensor [rows, k, 2], which begins at word `first`. */
export function readTopLogits(bytes: ArrayBuffer | Words, row: number, k: number, first = 0): TopLogit[] {
  const { words, floats } = wordsOf(bytes)
  const top: TopLogit[] = []
  const end = first + (row + 1) * k * 2
  for (let at = first + row * k * 2; at < end; at += 2) top.push({ logit: floats[at]!, id: words[at + 1]! })
  return top
}
