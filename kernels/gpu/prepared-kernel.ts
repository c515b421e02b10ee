import type { Device } from './device.ts'
import { Recorder } from './recorder.ts'
import { createTensor, type DType, type Tensor, tensorBytes, uploadTensor } from './tensor.ts'

/** What is timed or checked: a kernel, or one of its variants, at one shape. */
export interface CaseName {
  kernel: string
  /** Null for a kernel that has only one. */
  variant: string | null
  shape: string
}

/** A kernel and all tensors that one use of it needs: what a test checks and a benchmark times. */
export interface PreparedKernel<Name extends string = string> {
  tensors: Record<Name, Tensor>
  record(recorder: Recorder): void
  /** Gives the tensors' memory back. */
  destroy(): void
}

/** Numbers as a tensor holds them. */
type Numbers = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

/**
 * Makes a kernel's tensors by name, with what they hold: where nothing is given, noise for numbers and zeros for u32.
 * `record` records one use of them; `others` are tensors that are given back with them.
 */
export async function prepareKernel<Name extends string>(
  device: Device,
  members: Record<Name, readonly [DType, readonly number[], Numbers?]>,
  record: (recorder: Recorder, tensors: Record<Name, Tensor>) => void,
  others: readonly Tensor[] = [],
): Promise<PreparedKernel<Name>> {
  const made: [string, Tensor][] = []
  for (const [name, [dtype, shape, data]] of Object.entries(members) as [Name, (typeof members)[Name]][]) {
    const tensor = await createTensor(device, name, dtype, shape)
    if (data) uploadTensor(device, tensor, data)
    else if (dtype !== 'u32')
      uploadTensor(device, tensor, noiseWords(dtype, Math.ceil(tensorBytes(tensor) / 4)))
    made.push([name, tensor])
  }
  const tensors = Object.fromEntries(made) as Record<Name, Tensor>
  return {
    tensors,
    record: recorder => record(recorder, tensors),
    destroy() {
      for (const { buffer } of [...made.map(([, tensor]) => tensor), ...others]) device.destroyBuffer(buffer)
    },
  }
}

/** Fixed bits of each type that leave sign and fraction free: numbers of either sign from 1/8 to 1/4. */
const noiseMasks = {
  f32: { random: 0x807fffff, fixed: 0x3e000000 },
  bf16: { random: 0x807f807f, fixed: 0x3e003e00 },
  f16: { random: 0x83ff83ff, fixed: 0x30003000 },
} as const

/**
 * Always the same 32-bit words, which hold numbers from 1/8 to 1/4 of either sign: no zeros, denormals or infinities,
 * with which arithmetic can be faster or slower than with a model's numbers.
 */
export function noiseWords(dtype: keyof typeof noiseMasks, count: number): Uint32Array<ArrayBuffer> {
  const { random, fixed } = noiseMasks[dtype]
  const words = new Uint32Array(count)
  let state = 1
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    words[i] = ((state ^ (state >>> 15)) & random) | fixed
  }
  return words
}

/** Uploads inputs, runs a prepared kernel once, reads some of its tensors back and gives all their memory back. */
export async function runPrepared<Name extends string, Output extends Name>(
  device: Device,
  prepared: PreparedKernel<Name>,
  inputs: Partial<Record<Name, Numbers>>,
  ...outputs: Output[]
): Promise<Record<Output, ArrayBuffer>> {
  for (const [name, data] of Object.entries(inputs) as [Name, Numbers][])
    uploadTensor(device, prepared.tensors[name], data)
  const recorder = new Recorder(device, 'check')
  prepared.record(recorder)
  const tensors: Tensor[] = outputs.map(name => prepared.tensors[name])
  const bytes = await recorder.submitAndRead(...tensors)
  prepared.destroy()
  return Object.fromEntries(outputs.map((name, i) => [name, bytes[i]])) as Record<Output, ArrayBuffer>
}
