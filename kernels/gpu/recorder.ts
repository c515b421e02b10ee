import { type Device, LimitError } from './device.ts'
import { compileKernel, type Kernel, packParams, paramsStrideBytes } from './kernel.ts'
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

/** Dispatches that fit one recording. */
const maxDispatches = 4096

const paramsBuffers = new WeakMap<Device, GPUBuffer>()
const bindGroups = new WeakMap<GPUBuffer, Map<string, GPUBindGroup>>()
const bufferIds = new WeakMap<GPUBuffer, number>()
let nextBufferId = 0

/**
 * Records dispatches and copies into one command encoder and submits them together. Params of all dispatches lie in one
 * uniform buffer, written once a submit; bind groups are kept, so that recording the same step again makes no objects.
 */
export class Recorder {
  readonly #device: Device
  readonly #label: string
  readonly #encoder: GPUCommandEncoder
  #params = new DataView(new ArrayBuffer(64 * paramsStrideBytes))
  readonly #timer: PassTimer | null
  #pass: GPUComputePassEncoder | null = null
  #count = 0

  /** With `timer`, every dispatch gets a pass of its own between two timestamps. */
  constructor(device: Device, label: string, timer: PassTimer | null = null) {
    this.#device = device
    this.#label = label
    this.#timer = timer
    this.#encoder = device.handle.createCommandEncoder({ label })
  }

  /** Records one kernel. Throws when a name, a size or a limit does not fit. */
  dispatch(kernel: Kernel, use: Dispatch): void {
    const device = this.#device
    if (this.#count >= maxDispatches)
      throw new Error(`${this.#label}: more than ${maxDispatches} dispatches in one recording`)
    const [x, y = 1, z = 1] = use.workgroups
    const limit = device.handle.limits.maxComputeWorkgroupsPerDimension
    if (Math.max(x, y, z) > limit)
      throw new LimitError(
        `${kernel.name}: [${x}, ${y}, ${z}] workgroups, this adapter allows ${limit} in each direction; use fewer rows at once`,
      )
    if (x * y * z === 0) return
    const { pipeline, layout } = compileKernel(device, kernel, use.constants ?? {})
    const offset = this.#count * paramsStrideBytes
    this.#growParams(offset + paramsStrideBytes)
    packParams(kernel, use.params, this.#params, offset)
    const pass = this.#timer
      ? this.#encoder.beginComputePass(this.#timer.next(kernel.name))
      : this.#openPass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindGroup(device, kernel, layout, use.tensors), [offset])
    pass.dispatchWorkgroups(x, y, z)
    if (this.#timer) pass.end()
    this.#count++
    device.account.dispatches++
    device.account.movedBytes += use.cost.bytes
    device.account.flops += use.cost.flops
  }

  /** Records a copy of whole 32-bit words between two tensors' buffers. Offsets are in bytes from each tensor's start. */
  copy(from: Tensor, fromBytes: number, to: Tensor, toBytes: number, sizeBytes: number): void {
    this.copyBuffer(from.buffer, from.offsetBytes + fromBytes, to.buffer, to.offsetBytes + toBytes, sizeBytes)
  }

  /** Records a copy between two buffers. */
  copyBuffer(from: GPUBuffer, fromBytes: number, to: GPUBuffer, toBytes: number, sizeBytes: number): void {
    this.#closePass()
    this.#encoder.copyBufferToBuffer(from, fromBytes, to, toBytes, sizeBytes)
  }

  /** Sends everything to the device. The recorder is used up. */
  submit(): void {
    this.#closePass()
    this.#timer?.resolve(this.#encoder)
    if (this.#count > 0) {
      const used = new Uint8Array(this.#params.buffer, 0, this.#count * paramsStrideBytes)
      this.#device.write(paramsBuffer(this.#device), 0, used)
    }
    this.#device.handle.queue.submit([this.#encoder.finish({ label: this.#label })])
    this.#device.account.submits++
  }

  /** Submits and reads tensors back. For f16 and bf16 the packed bytes. One synchronisation. */
  async submitAndRead(...tensors: Tensor[]): Promise<ArrayBuffer[]> {
    const sizes = tensors.map(tensor => Math.ceil(tensorBytes(tensor) / 4) * 4)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const staging = await this.#device.createBuffer(`${this.#label} read back`, total, usage)
    let at = 0
    tensors.forEach((tensor, index) => {
      this.copyBuffer(tensor.buffer, tensor.offsetBytes, staging, at, sizes[index] ?? 0)
      at += sizes[index] ?? 0
    })
    this.submit()
    const bytes = await this.#device.readMapped(staging, total)
    this.#device.destroyBuffer(staging)
    at = 0
    return sizes.map(size => bytes.slice(at, (at += size)))
  }

  #growParams(neededBytes: number): void {
    if (neededBytes <= this.#params.byteLength) return
    const larger = new Uint8Array(this.#params.byteLength * 2)
    larger.set(new Uint8Array(this.#params.buffer))
    this.#params = new DataView(larger.buffer)
  }

  #openPass(): GPUComputePassEncoder {
    this.#pass ??= this.#encoder.beginComputePass({ label: this.#label })
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

/** One for each device: a submit's Params are written in queue order, after the submits before it have used theirs. */
function paramsBuffer(device: Device): GPUBuffer {
  let buffer = paramsBuffers.get(device)
  if (!buffer) {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST
    buffer = device.handle.createBuffer({ label: 'params', size: maxDispatches * paramsStrideBytes, usage })
    paramsBuffers.set(device, buffer)
  }
  return buffer
}

function bindGroup(
  device: Device,
  kernel: Kernel,
  layout: GPUBindGroupLayout,
  tensors: Record<string, Tensor>,
): GPUBindGroup {
  const { bindings } = kernel.interface
  const bound = bindings.slice(1).map(binding => {
    const tensor = tensors[binding.name]
    if (!tensor) throw new Error(`${kernel.name}: binding ${binding.name} has no tensor`)
    return tensor
  })
  const first = bound[0]?.buffer
  if (!first || Object.keys(tensors).length !== bound.length)
    throw new Error(
      `${kernel.name}: bindings are ${bindings
        .slice(1)
        .map(b => b.name)
        .join(', ')}; given ${Object.keys(tensors).join(', ')}`,
    )
  let groups = bindGroups.get(first)
  if (!groups) bindGroups.set(first, (groups = new Map()))
  const key = `${kernel.name} ${bound.map(tensor => `${idOf(tensor.buffer)}+${tensor.offsetBytes}`).join(' ')}`
  let group = groups.get(key)
  if (!group) {
    group = device.handle.createBindGroup({
      label: kernel.name,
      layout,
      entries: [
        {
          binding: 0,
          resource: { buffer: paramsBuffer(device), size: Math.max(16, kernel.interface.params.length * 4) },
        },
        ...bound.map(({ buffer, offsetBytes: offset }, index) => ({
          binding: index + 1,
          resource: { buffer, offset },
        })),
      ],
    })
    groups.set(key, group)
  }
  return group
}

function idOf(buffer: GPUBuffer): number {
  let id = bufferIds.get(buffer)
  if (id === undefined) bufferIds.set(buffer, (id = nextBufferId++))
  return id
}
