import { type ModelConfig, plainDecoder } from '../../core/model/config.ts'
import type { LanguageModel, Row, StepScore } from '../../core/model/language-model.ts'
import { loadModel } from '../../core/model/load-model.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openNullAdapter } from '../adapter/dawn.ts'
import { type Spread, spreadOf } from './timing.ts'

/**
 * Qwen2.5-7B with the layers and heads that it has, and narrow ones: what a step costs the host hangs on how many dispatches
 * there are, and not on how much they compute.
 */
const narrow7B: ModelConfig = {
  ...plainDecoder(28, 16, 1e6),
  family: 'qwen2',
  biases: { query: true, key: true, value: true, output: false, mlp: false },
  ...{
    layers: 28,
    headDim: 16,
    vocabSize: 4096,
    hiddenSize: 448,
    intermediateSize: 1184,
    heads: 28,
    keyValueHeads: 4,
  },
  ...{ maxPositionEmbeddings: 4096, tieWordEmbeddings: false, rmsNormEps: 1e-6 },
  ...{ eosTokenIds: [], bosTokenId: null, dtype: null },
}

/** What a decode step costs the host, of as many sequences as there are rows. */
export interface HostCost {
  rows: number
  dispatches: number
  /** The whole of a step, on a device that computes nothing: from the ids of its rows to the scores. */
  step: Spread
  /** The calls of WebGPU that such a step makes, by a loop that does nothing else. */
  calls: Spread
}

/**
 * Measures what a decode step costs the host, by turns with the same calls of WebGPU made bare, on an adapter that computes
 * nothing. `positions` behind 128 keys, where attention takes one dispatch.
 */
export async function measureHostCost(counts: readonly number[], rounds: number): Promise<HostCost[]> {
  const device = await openDevice(await openNullAdapter(), 'gpu')
  const limits = { sequences: Math.max(...counts), capacity: 128, topK: 20 }
  const { ranks } = await loadModel([device], { config: narrow7B, weights: { seed: 1 }, limits })
  const [model] = ranks
  const measured: (Pick<HostCost, 'rows' | 'dispatches'> & Record<'step' | 'calls', () => Promise<void>>)[] =
    []
  for (const rows of counts) {
    const step = decodeStep(model!, rows)
    await step()
    const before = device.counters.dispatches
    const calls = await repeatCalls(device, step)
    measured.push({ rows, dispatches: device.counters.dispatches - before, step, calls })
  }
  const times = measured.map(() => ({ step: [] as number[], calls: [] as number[] }))
  const warmUp = Math.ceil(rounds / 4)
  for (let round = -warmUp; round < rounds; round++)
    for (const [index, one] of measured.entries())
      for (const name of ['step', 'calls'] as const) {
        const startMs = performance.now()
        await one[name]()
        if (round >= 0) times[index]![name].push(performance.now() - startMs)
      }
  device.destroy()
  return measured.map(({ rows, dispatches }, index) => ({
    rows,
    dispatches,
    step: spreadOf(times[index]!.step),
    calls: spreadOf(times[index]!.calls),
  }))
}

/** A greedy step of so many sequences, at one position after another. */
function decodeStep(model: LanguageModel, count: number): () => Promise<void> {
  let position = 0
  const sampling = { temperature: 0, seed: 0 }
  return async () => {
    position = (position + 1) % model.limits.capacity
    const rows: Row[] = Array.from({ length: count }, (_, slot) => ({ tokenId: slot + 1, position, slot }))
    const scored: StepScore[] = rows.map((_, row) => ({ row, sequence: row, step: position }))
    await model.step(rows, scored, sampling)
  }
}

/** A call of WebGPU that a step makes, or three that belong together. */
type Call =
  | { kind: 'write'; buffer: GPUBuffer; offset: number; data: Uint8Array<ArrayBuffer> }
  | { kind: 'encode'; calls: EncoderCall[] }
  | { kind: 'read'; buffer: GPUBuffer; sizeBytes: number }
type EncoderCall =
  | { kind: 'begin' | 'end' }
  | {
      kind: 'dispatch'
      pipeline: GPUComputePipeline
      group: GPUBindGroup
      workgroups: [number, number, number]
    }
  | {
      kind: 'copy'
      args: [from: GPUBuffer, fromBytes: number, to: GPUBuffer, toBytes: number, sizeBytes: number]
    }

/** Listens to what a step asks of a device, and gives a loop that asks the same: writes, encodings, submits and mappings. */
async function repeatCalls(device: Device, step: () => Promise<void>): Promise<() => Promise<void>> {
  const { handle } = device
  const { queue } = handle
  const calls: Call[] = []
  const [createCommandEncoder, writeBuffer] = [handle.createCommandEncoder, queue.writeBuffer]
  const { readMapped } = device
  queue.writeBuffer = (buffer, offset, data: ArrayBufferView<ArrayBuffer>) => {
    const copy = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
    calls.push({ kind: 'write', buffer, offset, data: copy })
    writeBuffer.call(queue, buffer, offset, copy)
  }
  handle.createCommandEncoder = descriptor => {
    const encoder = createCommandEncoder.call(handle, descriptor)
    const ofEncoder: EncoderCall[] = []
    calls.push({ kind: 'encode', calls: ofEncoder })
    listenToEncoder(encoder, ofEncoder)
    return encoder
  }
  device.readMapped = (buffer, sizeBytes) => {
    calls.push({ kind: 'read', buffer, sizeBytes })
    return readMapped.call(device, buffer, sizeBytes)
  }
  await step()
  Object.assign(handle, { createCommandEncoder })
  Object.assign(queue, { writeBuffer })
  device.readMapped = readMapped
  return () => makeCalls(handle, calls)
}

function listenToEncoder(encoder: GPUCommandEncoder, calls: EncoderCall[]): void {
  const { beginComputePass, copyBufferToBuffer } = encoder
  encoder.beginComputePass = descriptor => {
    const pass = beginComputePass.call(encoder, descriptor)
    const { setPipeline, setBindGroup, dispatchWorkgroups, end } = pass
    let pipeline: GPUComputePipeline
    let group: GPUBindGroup
    calls.push({ kind: 'begin' })
    pass.setPipeline = one => setPipeline.call(pass, (pipeline = one))
    pass.setBindGroup = (index: number, one: GPUBindGroup | null | undefined) =>
      setBindGroup.call(pass, index, (group = one!))
    pass.dispatchWorkgroups = (x, y = 1, z = 1) => {
      calls.push({ kind: 'dispatch', pipeline, group, workgroups: [x, y, z] })
      dispatchWorkgroups.call(pass, x, y, z)
    }
    pass.end = () => {
      calls.push({ kind: 'end' })
      end.call(pass)
    }
    return pass
  }
  encoder.copyBufferToBuffer = (...args: unknown[]) => {
    const five = args as [GPUBuffer, number, GPUBuffer, number, number]
    calls.push({ kind: 'copy', args: five })
    Reflect.apply(copyBufferToBuffer, encoder, five)
  }
}

async function makeCalls(handle: GPUDevice, calls: readonly Call[]): Promise<void> {
  for (const call of calls)
    if (call.kind === 'write') handle.queue.writeBuffer(call.buffer, call.offset, call.data)
    else if (call.kind === 'encode') encode(handle, call.calls)
    else {
      await call.buffer.mapAsync(GPUMapMode.READ, 0, call.sizeBytes)
      call.buffer.getMappedRange(0, call.sizeBytes).slice(0)
      call.buffer.unmap()
    }
}

function encode(handle: GPUDevice, calls: readonly EncoderCall[]): void {
  const encoder = handle.createCommandEncoder()
  let pass: GPUComputePassEncoder | undefined
  for (const call of calls)
    if (call.kind === 'dispatch') {
      pass!.setPipeline(call.pipeline)
      pass!.setBindGroup(0, call.group)
      const [x, y, z] = call.workgroups
      pass!.dispatchWorkgroups(x, y, z)
    } else if (call.kind === 'copy') encoder.copyBufferToBuffer(...call.args)
    else if (call.kind === 'begin') pass = encoder.beginComputePass()
    else pass!.end()
  handle.queue.submit([encoder.finish()])
}
