import { type Device, LimitError } from './device.ts'
import { type Kernel, maxDispatches, packParams, paramsStrideBytes } from './kernel.ts'
import { type Tensor, tensorBytes } from './tensor.ts'

/** One use of a kernel. */
export interface Dispatch {
  /** Values of the shader's Params, by name. */
  params: Record<string, number>
  /** Tensors of the shader's other bindings, by name. */
  tensors: Record<string, Tensor>
  /** Values of overrides; those left out keep the shader's defaults. */
  constants?: Record<string, number>
  workgroups: readonly [number, number?, number?]
  /** Bytes that must be moved at least, and floating-point operations. */
  cost: { bytes: number; flops: number }
}

/**
 * A device's stream of work: records dispatches and copies into one command encoder and submits them together; what is
 * recorded next begins another. Params of all dispatches of a recording lie in one uniform buffer, written once a submit.
 */
export class Recorder {
  readonly device: Device
  readonly #timer: PassTimer | null
  #label: string
  #count = 0
  #params = new DataView(new ArrayBuffer(64 * paramsStrideBytes))
  #encoder: GPUCommandEncoder | null = null
  #pass: GPUComputePassEncoder | null = null

  /** With `timer`, every dispatch gets a pass of its own between two timestamps. */
  constructor(device: Device, label: string, timer: PassTimer | null = null) {
    this.device = device
    this.#label = label
    this.#timer = timer
  }

  /** Begins a recording under a label, and drops what was recorded but not submitted. */
  begin(label: string): void {
    this.#label = label
    this.#encoder = null
    this.#pass = null
    this.#count = 0
  }

  /** Records one kernel. Throws when a name, a size or a limit does not fit. */
  dispatch(kernel: Kernel, use: Dispatch): void {
    const { device } = this
    if (this.#count >= maxDispatches)
      throw new Error(`${this.#label}: more than ${maxDispatches} dispatches in one recording`)
    const [x, y = 1, z = 1] = use.workgroups
    const limit = device.handle.limits.maxComputeWorkgroupsPerDimension
    if (Math.max(x, y, z) > limit)
      throw new LimitError(
        `${kernel.name}: [${x}, ${y}, ${z}] workgroups, this adapter allows ${limit} in each direction; use fewer rows at once`,
      )
    if (x * y * z === 0) return
    const { pipeline, layout } = device.kernels.compile(kernel, use.constants ?? {})
    const offset = this.#count * paramsStrideBytes
    this.#growParams(offset + paramsStrideBytes)
    packParams(kernel, use.params, this.#params, offset)
    const group = device.kernels.bindGroup(kernel, layout, use.tensors)
    const pass = this.#timer
      ? this.#openEncoder().beginComputePass(this.#timer.next(kernel.name))
      : this.#openPass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group, [offset])
    pass.dispatchWorkgroups(x, y, z)
    if (this.#timer) pass.end()
    this.#count++
    device.counters.dispatches++
    device.counters.movedBytes += use.cost.bytes
    device.counters.flops += use.cost.flops
  }

  /** Records a copy of whole 32-bit words between two tensors' buffers. Offsets are in bytes from each tensor's start. */
  copy(from: Tensor, fromBytes: number, to: Tensor, toBytes: number, sizeBytes: number): void {
    this.copyBuffer(from.buffer, from.offsetBytes + fromBytes, to.buffer, to.offsetBytes + toBytes, sizeBytes)
  }

  /** Records a copy between two buffers. */
  copyBuffer(from: GPUBuffer, fromBytes: number, to: GPUBuffer, toBytes: number, sizeBytes: number): void {
    this.#closePass()
    this.#openEncoder().copyBufferToBuffer(from, fromBytes, to, toBytes, sizeBytes)
  }

  /** Sends what was recorded to the device: one submit, also where it is nothing. */
  submit(): void {
    this.#closePass()
    const encoder = this.#openEncoder()
    this.#timer?.resolve(encoder)
    if (this.#count > 0) {
      const used = new Uint8Array(this.#params.buffer, 0, this.#count * paramsStrideBytes)
      this.device.write(this.device.kernels.params, 0, used)
    }
    this.device.handle.queue.submit([encoder.finish({ label: this.#label })])
    this.device.counters.submits++
    this.#encoder = null
    this.#count = 0
  }

  /** Submits and reads tensors back. For f16 and bf16 the packed bytes. One synchronisation. */
  async submitAndRead(...tensors: Tensor[]): Promise<ArrayBuffer[]> {
    const sizes = tensors.map(tensor => Math.ceil(tensorBytes(tensor) / 4) * 4)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const staging = await this.device.createBuffer(`${this.#label} read back`, total, usage)
    let at = 0
    tensors.forEach((tensor, index) => {
      this.copyBuffer(tensor.buffer, tensor.offsetBytes, staging, at, sizes[index] ?? 0)
      at += sizes[index] ?? 0
    })
    this.submit()
    const bytes = await this.device.readMapped(staging, total)
    this.device.destroyBuffer(staging)
    at = 0
    return sizes.map(size => bytes.slice(at, (at += size)))
  }

  #growParams(neededBytes: number): void {
    if (neededBytes <= this.#params.byteLength) return
    const larger = new Uint8Array(this.#params.byteLength * 2)
    larger.set(new Uint8Array(this.#params.buffer))
    this.#params = new DataView(larger.buffer)
  }

  #openEncoder(): GPUCommandEncoder {
    this.#encoder ??= this.device.handle.createCommandEncoder({ label: this.#label })
    return this.#encoder
  }

  #openPass(): GPUComputePassEncoder {
    this.#pass ??= this.#openEncoder().beginComputePass({ label: this.#label })
    return this.#pass
  }

  #closePass(): void {
    this.#pass?.end()
    this.#pass = null
  }
}

/** Gives each timed dispatch a pass descriptor with timestamps, and resolves them at the end of a recording. */
export interface PassTimer {
  next(label: string): GPUComputePassDescriptor
  resolve(encoder: GPUCommandEncoder): void
}

/** Workgroups that a direction may count by WebGPU's default limit. */
const maxWorkgroups = 65535

/**
 * Workgroups of `size` threads for `count` elements, in rows where one direction does not hold them all. The kernel
 * finds its element as id.x + id.y · num_workgroups.x · size.
 */
export function flatWorkgroups(count: number, size: number): readonly [number, number] {
  const needed = Math.ceil(count / size)
  const rows = Math.ceil(needed / maxWorkgroups)
  return rows === 0 ? [0, 0] : [Math.ceil(needed / rows), rows]
}
