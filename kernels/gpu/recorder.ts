import { type Device, LimitError } from './device.ts'
import {
  type BoundRange,
  bindTensors,
  type Compiled,
  type Kernel,
  maxParams,
  packParams,
  paramsStrideBytes,
} from './kernel.ts'
import { encodeStages, type PassTimer, type Plan, type Stage, submitEncoded } from './plan.ts'
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

/** A dispatch that lacks only its bind group, which needs the buffer that Params will lie in; or a copy. */
type Recorded =
  | {
      kind: 'dispatch'
      kernel: Kernel
      compiled: Compiled
      bound: BoundRange[]
      paramsAt: number
      workgroups: [number, number, number]
      cost: Dispatch['cost']
    }
  | Extract<Stage['commands'][number], { kind: 'copy' }>

/** Params of a kernel that a new one is compared with: those of a step repeat from layer to layer. */
const comparedParams = 16

/**
 * Records dispatches and copies for a device. What is recorded is submitted once (`submit`), or becomes a plan that is
 * submitted any number of times (`plan`); what is recorded next begins anew. Equal Params of a kernel are kept once.
 */
export class Recorder {
  readonly device: Device
  readonly #timer: PassTimer | null
  #label: string
  #stages: { label: string; recorded: Recorded[] }[]
  #params = new DataView(new ArrayBuffer(16 * paramsStrideBytes))
  #paramsBytes = 0
  /** Where the last Params of each kernel lie. */
  #paramsOf = new Map<Kernel, number[]>()

  /** With `timer`, every dispatch gets a pass of its own between two timestamps. */
  constructor(device: Device, label: string, timer: PassTimer | null = null) {
    this.device = device
    this.#label = label
    this.#timer = timer
    this.#stages = [{ label, recorded: [] }]
  }

  /** Begins a recording under a label, and drops what was recorded but not submitted. */
  begin(label: string): void {
    this.#label = label
    this.#stages = [{ label, recorded: [] }]
    this.#paramsBytes = 0
    this.#paramsOf.clear()
  }

  /** Begins another stage of a plan: what follows is submitted apart from what was recorded so far. */
  beginStage(label: string): void {
    this.#stages.push({ label, recorded: [] })
  }

  /** Records one kernel. Throws when a name, a size or a limit does not fit. */
  dispatch(kernel: Kernel, use: Dispatch): void {
    const { device } = this
    const [x, y = 1, z = 1] = use.workgroups
    const limit = device.handle.limits.maxComputeWorkgroupsPerDimension
    if (Math.max(x, y, z) > limit)
      throw new LimitError(
        `${kernel.name}: [${x}, ${y}, ${z}] workgroups, this adapter allows ${limit} in each direction; use fewer rows at once`,
      )
    if (x * y * z === 0) return
    this.#record({
      kind: 'dispatch',
      kernel,
      compiled: device.kernels.compile(kernel, use.constants ?? {}),
      bound: bindTensors(kernel, use.tensors),
      paramsAt: this.#addParams(kernel, use.params),
      workgroups: [x, y, z],
      cost: use.cost,
    })
  }

  /** Records a copy of whole 32-bit words between two tensors' buffers. Offsets are in bytes from each tensor's start. */
  copy(from: Tensor, fromBytes: number, to: Tensor, toBytes: number, sizeBytes: number): void {
    this.copyBuffer(from.buffer, from.offsetBytes + fromBytes, to.buffer, to.offsetBytes + toBytes, sizeBytes)
  }

  /** Records a copy between two buffers. */
  copyBuffer(from: GPUBuffer, fromBytes: number, to: GPUBuffer, toBytes: number, sizeBytes: number): void {
    this.#record({ kind: 'copy', from, fromBytes, to, toBytes, sizeBytes })
  }

  /** Sends what was recorded to the device, and `after` behind it: one submit, also where it is nothing. */
  submit(after: readonly Stage[] = []): void {
    submitEncoded(this.device, encodeStages(this.device, [this.stage(), ...after], this.#timer))
  }

  /**
   * What was recorded, for one submit, and before any other recording is submitted: until then its Params lie in the
   * buffer that a device has for all recordings.
   */
  stage(): Stage {
    const { kernels } = this.device
    const recorded = this.#stages.flatMap(stage => stage.recorded)
    const stage = makeStage(this.#label, recorded, ({ kernel, compiled, bound, paramsAt }) =>
      kernels.bindGroup(kernel, compiled.layout, bound, paramsAt),
    )
    if (this.#paramsBytes > 0) this.device.write(kernels.params, 0, this.#usedParams())
    this.begin(this.#label)
    return stage
  }

  /** Makes what was recorded a plan, with Params and bind groups of its own. */
  plan(): Plan {
    const { kernels } = this.device
    const params =
      this.#paramsBytes > 0 ? kernels.createParams(`${this.#label} params`, this.#paramsBytes) : null
    if (params) this.device.write(params, 0, this.#usedParams())
    const stages = this.#stages.map(({ label, recorded }) =>
      makeStage(label, recorded, ({ kernel, compiled, bound, paramsAt }) =>
        kernels.createBindGroup(kernel, compiled.layout, bound, { buffer: params!, offsetBytes: paramsAt }),
      ),
    )
    this.begin(this.#label)
    return { stages, destroy: () => params?.destroy() }
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

  #record(one: Recorded): void {
    this.#stages.at(-1)!.recorded.push(one)
  }

  /** Where Params of these values lie. */
  #addParams(kernel: Kernel, values: Record<string, number>): number {
    const at = this.#paramsBytes
    if (at + paramsStrideBytes > this.#params.byteLength) this.#growParams()
    packParams(kernel, values, this.#params, at)
    let earlier = this.#paramsOf.get(kernel)
    if (!earlier) this.#paramsOf.set(kernel, (earlier = []))
    const words = kernel.interface.params.length
    const equal = earlier.find(other => this.#areEqual(other, at, words))
    if (equal !== undefined) return equal
    if (at === maxParams * paramsStrideBytes)
      throw new Error(`${this.#label}: more than ${maxParams} different Params in one recording`)
    earlier.unshift(at)
    if (earlier.length > comparedParams) earlier.pop()
    this.#paramsBytes += paramsStrideBytes
    return at
  }

  #areEqual(one: number, other: number, words: number): boolean {
    for (let word = 0; word < words; word++)
      if (this.#params.getUint32(one + 4 * word) !== this.#params.getUint32(other + 4 * word)) return false
    return true
  }

  #growParams(): void {
    const larger = new Uint8Array(this.#params.byteLength * 2)
    larger.set(new Uint8Array(this.#params.buffer))
    this.#params = new DataView(larger.buffer)
  }

  #usedParams(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#params.buffer, 0, this.#paramsBytes) as Uint8Array<ArrayBuffer>
  }
}

function makeStage(
  label: string,
  recorded: readonly Recorded[],
  groupOf: (one: Extract<Recorded, { kind: 'dispatch' }>) => GPUBindGroup,
): Stage {
  const counts = { dispatches: 0, movedBytes: 0, flops: 0 }
  const commands = recorded.map(one => {
    if (one.kind === 'copy') return one
    counts.dispatches++
    counts.movedBytes += one.cost.bytes
    counts.flops += one.cost.flops
    const [x, y, z] = one.workgroups
    const { pipeline } = one.compiled
    return { kind: one.kind, name: one.kernel.name, pipeline, group: groupOf(one), x, y, z }
  })
  return { label, commands, counts }
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
