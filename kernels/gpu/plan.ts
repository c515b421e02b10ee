import type { Device, DeviceCounters } from './device.ts'

/** A dispatch or a copy, with all that its encoding needs. */
export type Command =
  | {
      readonly kind: 'dispatch'
      /** The kernel's. */
      readonly name: string
      readonly pipeline: GPUComputePipeline
      readonly group: GPUBindGroup
      readonly x: number
      readonly y: number
      readonly z: number
    }
  | {
      readonly kind: 'copy'
      readonly from: GPUBuffer
      readonly fromBytes: number
      readonly to: GPUBuffer
      readonly toBytes: number
      readonly sizeBytes: number
    }

/** What is submitted together, and what a device counts of it: of an attention, the keys of when it was recorded. */
export interface Stage {
  readonly label: string
  readonly commands: readonly Command[]
  readonly counts: Readonly<Pick<DeviceCounters, 'dispatches' | 'movedBytes' | 'flops'>>
}

/**
 * Stages that were recorded once and can be submitted any number of times: what changes from one time to the next is what
 * their tensors hold. Between two stages the host does what one device cannot.
 */
export interface Plan {
  readonly stages: readonly Stage[]
  /** Gives its Params back. Stages that were submitted still run. */
  destroy(): void
}

/** Gives each timed dispatch a pass descriptor with timestamps, and resolves them at the end of a recording. */
export interface PassTimer {
  next(label: string): GPUComputePassDescriptor
  resolve(encoder: GPUCommandEncoder): void
}

/** One stage of what two do, one after the other. */
export function joinStages(first: Stage, second: Stage): Stage {
  return {
    label: first.label,
    commands: [...first.commands, ...second.commands],
    counts: {
      dispatches: first.counts.dispatches + second.counts.dispatches,
      movedBytes: first.counts.movedBytes + second.counts.movedBytes,
      flops: first.counts.flops + second.counts.flops,
    },
  }
}

/** Encodes stages that are submitted together, one after another. With `timer` every dispatch has a pass of its own. */
export function encodeStages(
  device: Device,
  stages: readonly Stage[],
  timer: PassTimer | null = null,
): GPUCommandBuffer {
  const descriptor = { label: stages.at(-1)?.label ?? 'nothing' }
  // A label costs the host a microsecond, on the way of every all-reduce: the pass has one, and that is told in errors.
  const encoder = device.handle.createCommandEncoder()
  let pass: GPUComputePassEncoder | null = null
  for (const { commands, counts } of stages) {
    for (const command of commands) {
      if (command.kind === 'copy') {
        pass?.end()
        pass = null
        const { from, fromBytes, to, toBytes, sizeBytes } = command
        encoder.copyBufferToBuffer(from, fromBytes, to, toBytes, sizeBytes)
        continue
      }
      pass ??= encoder.beginComputePass(timer?.next(command.name) ?? descriptor)
      pass.setPipeline(command.pipeline)
      pass.setBindGroup(0, command.group)
      pass.dispatchWorkgroups(command.x, command.y, command.z)
      if (!timer) continue
      pass.end()
      pass = null
    }
    device.counters.dispatches += counts.dispatches
    device.counters.movedBytes += counts.movedBytes
    device.counters.flops += counts.flops
  }
  pass?.end()
  timer?.resolve(encoder)
  return encoder.finish()
}

/** Sends encoded stages to the device: one submit. */
export function submitEncoded(device: Device, encoded: GPUCommandBuffer): void {
  device.handle.queue.submit([encoded])
  device.counters.submits++
}
