import type { Device } from './device.ts'
import { Recorder } from './recorder.ts'
import {
  bytesPerElement,
  createTensor,
  type DType,
  elementCount,
  type Tensor,
  uploadTensor,
} from './tensor.ts'

/** A kernel and all tensors that one use of it needs: what a test checks and a benchmark times. */
export interface PreparedKernel<Name extends string = string> {
  tensors: Record<Name, Tensor>
  record(recorder: Recorder): void
  /** Gives the tensors' memory back. */
  destroy(): void
}

/** Makes tensors by name and fills them: those of numbers with noise, those of u32 with zeros. */
export async function createFilledTensors<Name extends string>(
  device: Device,
  members: Record<Name, readonly [DType, readonly number[]]>,
): Promise<{ tensors: Record<Name, Tensor>; destroy(): void }> {
  const made: [string, Tensor][] = []
  for (const [name, [dtype, shape]] of Object.entries(members) as [Name, (typeof members)[Name]][]) {
    const tensor = await createTensor(device, name, dtype, shape)
    const words = Math.ceil((elementCount(shape) * bytesPerElement(dtype)) / 4)
    if (dtype !== 'u32') uploadTensor(device, tensor, noiseWords(dtype, words))
    made.push([name, tensor])
  }
  return {
    tensors: Object.fromEntries(made) as Record<Name, Tensor>,
    destroy() {
      for (const [, tensor] of made) device.destroyBuffer(tensor.buffer)
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

/** Numbers to put into a prepared kernel's tensors, by name. */
export type Inputs<Name extends string> = Partial<
  Record<Name, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>
>

/** Uploads inputs, runs a prepared kernel once, reads some of its tensors back and gives all their memory back. */
export async function runPrepared<Name extends string, Output extends Name>(
  device: Device,
  prepared: PreparedKernel<Name>,
  inputs: Inputs<Name>,
  ...outputs: Output[]
): Promise<Record<Output, ArrayBuffer>> {
  for (const name of Object.keys(inputs) as Name[]) {
    const data = inputs[name]
    if (data) uploadTensor(device, prepared.tensors[name], data)
  }
  const recorder = new Recorder(device, 'check')
  prepared.record(recorder)
  const tensors: Tensor[] = outputs.map(name => prepared.tensors[name])
  const bytes = await recorder.submitAndRead(...tensors)
  prepared.destroy()
  return Object.fromEntries(outputs.map((name, i) => [name, bytes[i]])) as Record<Output, ArrayBuffer>
}
