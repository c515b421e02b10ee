import type { Device } from '../../kernels/gpu/device.ts'
import { encodeStages, joinStages, type Plan, type Stage, submitEncoded } from '../../kernels/gpu/plan.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorBytes, viewTensor } from '../../kernels/gpu/tensor.ts'
import { type RmsNorm, rmsNorm } from '../../kernels/rms-norm/rms-norm.ts'
import type { Communicator } from '../parallel/communicator.ts'

/** Bytes of all ranks' contributions from which they are summed on the host, each rank its part, instead of on every device. */
export const hostSumBytes = 2 ** 20

/** Rows of partial sums on a device that sums at most `rows` rows of a width: all ranks' of few rows, or the total of many. */
export function partialSumRows(ranks: number, rows: number, width: number): number {
  const rowsOnDevice = Math.min(rows, Math.max(1, Math.floor(hostSumBytes / (ranks * width * 4))))
  return Math.max(rows, ranks * rowsOnDevice)
}

/** A normalisation of a residual stream to which every rank adds a partial sum. */
interface AllReduceAddNorm extends Omit<RmsNorm, 'delta' | 'fresh'> {
  /** [rows, width]: this rank's partial sum. */
  partial: Tensor
  /** The stream begins with the sum, instead of having it added. */
  isFirst?: boolean
}

/** What all ranks do together behind a stage of a plan: bytes of each go to all. */
export interface Collective {
  /** The first `sizeBytes` of a mappable buffer hold what this rank gives. */
  readable: GPUBuffer
  sizeBytes: number
  /** Where what comes back goes: every rank's bytes in rank order, or the sum of their f32 numbers in that order. */
  into: Tensor
  isSum: boolean
}

/** A plan whose stages are each followed by a collective; the last need not be. */
export interface StepPlan extends Plan {
  readonly collectives: readonly Collective[]
}

/**
 * Where a rank's steps run: what they are recorded with, on the rank's device, the other ranks, and the buffers through
 * which these meet. What needs all ranks ends a stage of the plan. A rank that is alone meets nobody: one stage, one submit.
 */
export class StepContext {
  readonly stream: Recorder
  readonly communicator: Communicator
  /** All ranks' partial sums on the device, or their sum, and this rank's own to be read. A rank that is alone has none. */
  #buffers: { parts: Tensor; readable: GPUBuffer } | null = null
  #collectives: Collective[] = []

  private constructor(device: Device, communicator: Communicator) {
    this.stream = new Recorder(device, 'first step')
    this.communicator = communicator
  }

  /** Makes what all-reduces of at most [rows, width] need. */
  static async create(
    device: Device,
    communicator: Communicator,
    rows: number,
    width: number,
  ): Promise<StepContext> {
    const { ranks } = communicator
    const context = new StepContext(device, communicator)
    if (ranks === 1) return context
    const elements = partialSumRows(ranks, rows, width) * width
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    context.#buffers = {
      parts: await createTensor(device, 'parts', 'f32', [elements]),
      readable: await device.createBuffer('readable partial sum', rows * width * 4, usage),
    }
    return context
  }

  get device(): Device {
    return this.stream.device
  }

  /** Makes a plan of what `record` records. */
  plan(label: string, record: () => void): StepPlan {
    this.stream.begin(label)
    this.#collectives = []
    record()
    return { ...this.stream.plan(), collectives: this.#collectives }
  }

  /** Has the kernels compiled that plans of what `record` records need, and makes none. */
  compileAhead(record: () => void): Promise<void> {
    const { kernels, provider } = this.device
    const compiled = kernels.compileAhead(() => {
      this.stream.begin('compiled ahead')
      record()
      this.stream.begin('compiled ahead')
      this.#collectives = []
    })
    // On a CPU adapter, a thread that spins takes its core from who compiles.
    provider.sleepUntil?.(compiled)
    return compiled
  }

  /**
   * Makes a plan of one all-reduce that is run again and again: what follows an all-reduce goes in the submit of the next. Alone it
   * is what a plan of it is.
   */
  allReducePlan(use: AllReduceAddNorm): StepPlan {
    const plan = this.plan('all-reduce', () => this.allReduceAddNorm(use))
    const [first, second] = plan.stages
    return second ? { ...plan, stages: [joinStages(second, first!)] } : plan
  }

  /**
   * Submits the stages of a plan, each with its collective: `before` goes ahead of the first and `after` behind the last, in the
   * same submits. Alone it has submitted all when it returns; what the device computed is not waited for.
   */
  async run(plan: StepPlan, before: readonly Stage[] = [], after: readonly Stage[] = []): Promise<void> {
    const { stages, collectives } = plan
    for (const [index, stage] of stages.entries()) {
      const together = [...(index === 0 ? before : []), stage, ...(index === stages.length - 1 ? after : [])]
      submitEncoded(this.device, encodeStages(this.device, together))
      const collective = collectives[index]
      if (collective) await this.#meet(collective)
    }
  }

  /** Reads the first bytes of `readable`, and gives those of every rank in rank order: one synchronisation, one barrier. */
  async readAndGather(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    const mine = await this.device.readMapped(readable, sizeBytes)
    if (this.communicator.ranks === 1) return mine
    return (await this.communicator.allGather(new Uint8Array(mine))).buffer
  }

  /** The same after what is recorded, which it submits. */
  submitAndGather(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    this.stream.submit()
    return this.readAndGather(readable, sizeBytes)
  }

  /**
   * Records x += Σ over ranks of their partial sums (x = Σ where it is the first), y = normalised x, scaled and normalised as
   * rmsNorm says: an all-reduce, the residual add and the norm. Sums go in rank order, on the device for few rows and on the host for many, with the same bits.
   */
  allReduceAddNorm({ partial, isFirst = false, ...norm }: AllReduceAddNorm): void {
    const { stream, communicator } = this
    if (!this.#buffers) {
      rmsNorm(stream, { ...norm, fresh: isFirst, delta: partial })
      return
    }
    const [rows = 0, width = 0] = partial.shape
    const isSum = communicator.ranks * tensorBytes(partial) > hostSumBytes
    const delta = viewTensor(this.#buffers.parts, [isSum ? 1 : communicator.ranks, rows, width])
    this.#endStage(partial, delta, isSum)
    rmsNorm(stream, { ...norm, fresh: isFirst, delta })
  }

  /** Records that the sum over ranks, in rank order, takes the place of a small partial sum of no more elements than rows · width. */
  allReduce(partial: Tensor): void {
    if (this.#buffers) this.#endStage(partial, partial, true)
  }

  #endStage(partial: Tensor, into: Tensor, isSum: boolean): void {
    const { readable } = this.#buffers!
    const sizeBytes = tensorBytes(partial)
    this.stream.copyBuffer(partial.buffer, partial.offsetBytes, readable, 0, sizeBytes)
    this.#collectives.push({ readable, sizeBytes, into, isSum })
    this.stream.beginStage('after an all-reduce')
  }

  async #meet({ readable, sizeBytes, into, isSum }: Collective): Promise<void> {
    const mine = await this.device.readMapped(readable, sizeBytes)
    const all = isSum
      ? await this.communicator.allReduce(new Float32Array(mine))
      : await this.communicator.allGather(new Uint8Array(mine))
    this.device.write(into.buffer, into.offsetBytes, all)
  }
}
