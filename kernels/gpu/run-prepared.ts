import type { Device } from './device.ts'
import type { PreparedKernel } from './prepared-kernel.ts'
import { Recorder } from './recorder.ts'
import { type Tensor, uploadTensor } from './tensor.ts'

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
