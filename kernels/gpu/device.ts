import { KernelCache } from './kernel.ts'

/** A WebGPU entry point and an unused adapter of it: `navigator.gpu` in a browser, Dawn in Node. */
export interface GpuProvider {
  /** Held for as long as the device lives: Dawn crashes when it is collected first. */
  gpu: GPU
  adapter: GPUAdapter
  /** Called with a promise that is about to be awaited, where the thread would otherwise spin and had better sleep. */
  sleepUntil?: (settled: Promise<unknown>) => void
}

/** A device ran out of memory; it lives on, and what was asked for was not made. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
}

/** More is asked than the adapter can ever do, such as a larger buffer than it binds: another try would meet it again. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
}

/** A device was lost, or answers no more: another one may do what this one did not. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError'
}

/**
 * What a device was asked to do, counted where it happens. None of it depends on how fast the machine is, so tests
 * assert it and two versions of a kernel can be compared by it.
 */
export interface DeviceCounters {
  dispatches: number
  submits: number
  /** Times the host waited for the device: a mapped buffer or an explicit wait. */
  synchronisations: number
  uploadedBytes: number
  downloadedBytes: number
  /** Bytes that kernels must read and write at least once each, by their wrappers' own cost. */
  movedBytes: number
  /** Floating-point operations by the same cost; a fused multiply-add is two. */
  flops: number
  /** Bytes in buffers now. */
  allocatedBytes: number
  peakAllocatedBytes: number
}

/** What was counted between two readings; allocations are those of the later one. */
export function countersSince(before: DeviceCounters, after: DeviceCounters): DeviceCounters {
  const since = { ...after }
  for (const name of Object.keys(since) as (keyof DeviceCounters)[])
    if (name !== 'allocatedBytes' && name !== 'peakAllocatedBytes') since[name] -= before[name]
  return since
}

/** Gives what `read` makes of mapped bytes, which are there only while it runs. */
export type MappedReader = <T>(read: (bytes: ArrayBuffer) => T) => T

/** A GPU device with its counters and compiled kernels. Owns the buffers made through it until `destroy`. */
export class Device {
  readonly provider: GpuProvider
  readonly handle: GPUDevice
  /** `cpu` chooses the kernel variants that a CPU adapter needs to be usable. */
  readonly kind: 'cpu' | 'gpu'
  readonly counters: DeviceCounters = {
    dispatches: 0,
    submits: 0,
    synchronisations: 0,
    uploadedBytes: 0,
    downloadedBytes: 0,
    movedBytes: 0,
    flops: 0,
    allocatedBytes: 0,
    peakAllocatedBytes: 0,
  }
  /** Buffers made through it that were not given back. */
  readonly buffers = new Set<GPUBuffer>()
  /** Pipelines and bind groups, made when they are first needed. */
  readonly kernels: KernelCache
  readonly #errors: string[] = []
  #lost: string | null = null

  constructor(provider: GpuProvider, handle: GPUDevice, kind: 'cpu' | 'gpu') {
    this.provider = provider
    this.handle = handle
    this.kind = kind
    this.kernels = new KernelCache(handle)
    handle.addEventListener('uncapturederror', event => this.#errors.push(inOneLine(event.error.message)))
    void handle.lost.then(info => {
      this.#lost = inOneLine(info.message || info.reason)
    })
  }

  /** Name for people: vendor, architecture and device as the adapter reports them. */
  get adapterName(): string {
    const { vendor, architecture, device, description } = this.provider.adapter.info
    return [vendor, architecture, device, description].filter(Boolean).join(' ')
  }

  /**
   * Makes a buffer of at least `sizeBytes`, rounded up to 16. Throws OutOfMemoryError, or LimitError where the size is
   * beyond the adapter's.
   */
  async createBuffer(label: string, sizeBytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    const size = Math.max(16, Math.ceil(sizeBytes / 16) * 16)
    const { maxBufferSize, maxStorageBufferBindingSize } = this.handle.limits
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize)
    if (size > limit)
      throw new LimitError(
        `buffer ${label}: is ${size} bytes, this adapter binds at most ${limit}; split it over more ranks (--tp) or use another adapter`,
      )
    this.handle.pushErrorScope('out-of-memory')
    const buffer = this.handle.createBuffer({ label, size, usage })
    const error = await this.handle.popErrorScope()
    if (error) {
      buffer.destroy()
      throw new OutOfMemoryError(
        `buffer ${label}: the device has no room for ${size} bytes beside the ${this.counters.allocatedBytes} in use; ` +
          'use fewer sequences at once (--max-concurrent), a shorter context, or more ranks (--tp)',
      )
    }
    this.buffers.add(buffer)
    this.counters.allocatedBytes += size
    this.counters.peakAllocatedBytes = Math.max(
      this.counters.peakAllocatedBytes,
      this.counters.allocatedBytes,
    )
    return buffer
  }

  /** Gives a buffer's memory back. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.buffers.delete(buffer)
    this.counters.allocatedBytes -= buffer.size
    buffer.destroy()
  }

  /** Copies bytes (a multiple of 4) into a buffer, in queue order. */
  write(buffer: GPUBuffer, offsetBytes: number, data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    this.counters.uploadedBytes += data.byteLength
    this.handle.queue.writeBuffer(buffer, offsetBytes, data)
  }

  /** Waits for a read-only mapping of `buffer` and gives a copy of its first `sizeBytes`. */
  async readMapped(buffer: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    const read = await this.mapForReading(buffer, sizeBytes)
    return read(bytes => bytes.slice(0))
  }

  /** The same without a copy: gives what reads the bytes, once, and so ends the mapping. */
  async mapForReading(buffer: GPUBuffer, sizeBytes: number): Promise<MappedReader> {
    this.counters.synchronisations++
    this.counters.downloadedBytes += sizeBytes
    const mapped = buffer.mapAsync(GPUMapMode.READ, 0, sizeBytes)
    this.provider.sleepUntil?.(mapped)
    await mapped.catch(async error => {
      // A mapping is refused before the loss that refused it is told, and its own message is empty then.
      await Promise.race([this.handle.lost, new Promise(resolve => setTimeout(resolve, 100))])
      this.throwIfBroken()
      throw new DeviceLostError(`device ${this.adapterName}: cannot read buffer ${buffer.label}: ${error}`)
    })
    return read => {
      try {
        this.throwIfBroken()
        return read(buffer.getMappedRange(0, sizeBytes))
      } finally {
        buffer.unmap()
      }
    }
  }

  /** Waits until all submitted work is done. */
  async idle(): Promise<void> {
    this.counters.synchronisations++
    const done = this.handle.queue.onSubmittedWorkDone()
    this.provider.sleepUntil?.(done)
    await done
    this.throwIfBroken()
  }

  /** Throws what the device reported since the last call: DeviceLostError, or an Error for what it found invalid. */
  throwIfBroken(): void {
    if (this.#lost !== null) throw new DeviceLostError(`device ${this.adapterName} was lost: ${this.#lost}`)
    const error = this.#errors.splice(0)[0]
    if (error !== undefined) throw new Error(`device ${this.adapterName} reported: ${error}`)
  }

  destroy(): void {
    this.handle.destroy()
  }
}

/** A message of the driver without the lines that say where in its own source it arose. */
function inOneLine(message: string): string {
  return message
    .replaceAll(/^\s+at .*$/gm, '')
    .trim()
    .replaceAll(/\s+/g, ' ')
}

/**
 * Opens a device with all of the adapter's limits (the defaults are low) and the features that kernels can use.
 * `kind` says for which adapters kernel variants are chosen, where that is not to follow from the adapter itself.
 */
export async function openDevice(provider: GpuProvider, kind?: 'cpu' | 'gpu'): Promise<Device> {
  const { adapter } = provider
  const wanted: GPUFeatureName[] = ['timestamp-query', 'subgroups']
  const requiredLimits: Record<string, number> = {}
  for (const name of limitNames) requiredLimits[name] = adapter.limits[name]
  const handle = await adapter.requestDevice({
    label: 'entrace',
    requiredFeatures: wanted.filter(feature => adapter.features.has(feature)),
    requiredLimits,
  })
  return new Device(provider, handle, kind ?? (adapter.info.isFallbackAdapter ? 'cpu' : 'gpu'))
}

const limitNames = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const
