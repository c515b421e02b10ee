import { choiceWords } from '../../kernels/choose/choose.ts'
import { entropyPartialWords, entropyWords } from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import {
  createTensor,
  createTensorGroup,
  type Tensor,
  type TensorGroup,
  viewTensor,
} from '../../kernels/gpu/tensor.ts'
import { topKCandidateWords } from '../../kernels/top-k/top-k.ts'

/** What a token head is made for. */
export interface TokenHeadOptions {
  /** Scored rows of a pass, at most. */
  rows: number
  /** Largest logits to hand over. */
  k: number
  /** Id of the first of this rank's logits. */
  firstId: number
  /** Numbers of logits of all ranks, in rank order. */
  vocabularyWidths: number[]
}

/** The first rows of a tensor. */
export function rowsOf(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}

/** The tensors of a token head: for S scored rows, V of this rank's vocabulary and D inputs. */
export interface HeadBuffers extends ScoreBuffers {
  selected: Tensor
  logits: Tensor
  entropyPartials: Tensor
  topCandidates: Tensor
  sequences: Tensor
  steps: Tensor
}

/** What a head hands over. */
export interface ScoreBuffers {
  scores: TensorGroup<'statistics' | 'top' | 'choices' | 'processed'>
  /** Apart from the group, because WebGPU lets no dispatch read and write parts of one buffer. */
  ranks: Tensor
  readable: GPUBuffer
}

/** Makes the buffers. Throws OutOfMemoryError where the device has no room for them. */
export async function createHeadBuffers(
  device: Device,
  V: number,
  D: number,
  { rows, k }: Pick<TokenHeadOptions, 'rows' | 'k'>,
): Promise<HeadBuffers> {
  return {
    selected: await createTensor(device, 'selected', 'f32', [rows, D]),
    logits: await createTensor(device, 'logits', 'f32', [rows, V]),
    entropyPartials: await createTensor(device, 'entropy partials', 'u32', [entropyPartialWords(rows, V)]),
    topCandidates: await createTensor(device, 'top candidates', 'u32', [topKCandidateWords(rows, V, k)]),
    sequences: await createTensor(device, 'sequence keys', 'u32', [rows]),
    steps: await createTensor(device, 'steps', 'u32', [rows]),
    ...(await createScores(device, rows, k)),
  }
}

async function createScores(device: Device, rows: number, k: number): Promise<ScoreBuffers> {
  const scores = await createTensorGroup(device, 'scores', {
    statistics: { dtype: 'u32', shape: [rows, entropyWords] },
    top: { dtype: 'u32', shape: [rows, k, 2] },
    choices: { dtype: 'u32', shape: [rows, choiceWords] },
    processed: { dtype: 'u32', shape: [rows, entropyWords] },
  })
  const ranks = await createTensor(device, 'ranks', 'u32', [rows])
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const readable = await device.createBuffer('readable scores', scores.sizeBytes + rows * 4, usage)
  return { scores, ranks, readable }
}
