import type { Device, MappedReader } from '../../kernels/gpu/device.ts'
import { encodeStages, joinStages, type Plan, type Stage, submitEncoded } from '../../kernels/gpu/plan.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorBytes, viewTensor } from '../../kernels/gpu/tensor.ts'
import { type RmsNorm, rmsNorm } from '../../kernels/rms-norm/rms-norm.ts'
import type { Communicator } from '../parallel/communicator.ts'
import { isSplit, rowsOfSecondHalf } from './halves.ts'

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

/** Through what a rank meets the others. */
interface MeetingBuffers {
  /** All ranks' partial sums, or their sum, on the device: of one half of a step at a time, each before its next stage. */
  parts: Tensor
  /** This rank's own partial sum, of each half of a step, to be read. */
  readables: GPUBuffer[]
  /** The host's memory for all ranks' partial sums. */
  gathered: Uint8Array<ArrayBuffer>
}

/**
 * Where a rank's steps run: what they are recorded with, on the rank's device, the other ranks, and the buffers through
 * which these meet. What needs all ranks ends a stage of the plan. A rank that is alone meets nobody: one stage, one submit.
 */
export class StepContext {
  readonly stream: Recorder
  readonly communicator: Communicator
  /** A rank that is alone has none. */
  #buffers: MeetingBuffers | null = null
  #collectives: Collective[] = []
  #half = 0

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
    const readable = (most: number) => device.createBuffer('readable partial sum', most * width * 4, usage)
    context.#buffers = {
      parts: await createTensor(device, 'parts', 'f32', [elements]),
      readables: isSplit(device.kind, ranks, rows)
        ? [await readable(rows), await readable(rowsOfSecondHalf(rows))]
        : [await readable(rows)],
      gathered: new Uint8Array(Math.min(hostSumBytes, ranks * rows * width * 4)),
    }
    return context
  }

  get device(): Device {
    return this.stream.device
  }

  /** Makes a plan of what `record` records. Plans that are run together are of different halves. */
  plan(label: string, record: () => void, half = 0): StepPlan {
    this.stream.begin(label)
    this.#collectives = []
    this.#half = half
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
   *
   * Of two plans with as many stages, the halves of a step, the stages alternate: the device computes one while what the other
   * gives travels between the ranks. While the device computes, the host encodes what comes next.
   */
  async run(
    plans: readonly StepPlan[],
    before: readonly Stage[] = [],
    after: readonly Stage[] = [],
  ): Promise<void> {
    const { device } = this
    const count = plans[0]!.stages.length
    const pending = plans.map((): Promise<MappedReader> | null => null)
    const meet = async (half: number, index: number) => {
      const collective = plans[half]!.collectives[index]
      if (!collective) return
      const read = await pending[half]!
      pending[half] = null
      await this.#meet(collective, read)
    }
    try {
      for (let index = 0; index < count; index++)
        for (const [half, { stages, collectives }] of plans.entries()) {
          const isFirst = index === 0 && half === 0
          const isLast = index === count - 1 && half === plans.length - 1
          const encoded = encodeStages(device, [
            ...(isFirst ? before : []),
            stages[index]!,
            ...(isLast ? after : []),
          ])
          // Nothing comes between what is recorded before a step and its first submit: they share a buffer of Params.
          if (index > 0) await meet(half, index - 1)
          submitEncoded(device, encoded)
          const next = collectives[index]
          if (!next) continue
          pending[half] = device.mapForReading(next.readable, next.sizeBytes)
          // It is waited for later, and fails there.
          pending[half].catch(() => {})
        }
      for (const half of plans.keys()) await meet(half, count - 1)
    } catch (error) {
      // A thread that ends while a mapping is pending takes the whole process along, and one that was not read would stay.
      for (const one of await Promise.allSettled(pending))
        if (one.status === 'fulfilled') one.value?.(() => {})
      throw error
    }
  }

  /** Reads the first bytes of `readable`, and gives those of every rank in rank order: one synchronisation, one barrier. */
  async readAndGather(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    const { communicator, device } = this
    if (communicator.ranks === 1) return device.readMapped(readable, sizeBytes)
    const all = new Uint8Array(communicator.ranks * sizeBytes)
    const read = await device.mapForReading(readable, sizeBytes)
    read(mine => communicator.post(new Uint8Array(mine)))
    await communicator.collect(all)
    return all.buffer
  }

  /** The same after what is recorded, which it submits. */
  submitAndGather(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    this.stream.submit()
    return this.readAndGather(readable, sizeBytes)
  }

  /**
   * Records x += Σ over ranks of their partial sums (x = Σ where it is the first), y = normalised x, scaled and normalised as
   * rmsNorm says: an all-reduce, the residual add and the norm. Sums go in rank order, with the same bits wherever they are added: on
   * the device, or on the host where there are many rows or where a CPU adapter would be slower at it.
   */
  allReduceAddNorm({ partial, isFirst = false, ...norm }: AllReduceAddNorm): void {
    const { stream, communicator, device } = this
    if (!this.#buffers) {
      rmsNorm(stream, { ...norm, fresh: isFirst, delta: partial })
      return
    }
    const [rows = 0, width = 0] = partial.shape
    const isSum = device.kind === 'cpu' || communicator.ranks * tensorBytes(partial) > hostSumBytes
    const delta = viewTensor(this.#buffers.parts, [isSum ? 1 : communicator.ranks, rows, width])
    this.#endStage(partial, delta, isSum)
    rmsNorm(stream, { ...norm, fresh: isFirst, delta })
  }

  /** Records that the sum over ranks, in rank order, takes the place of a small partial sum of no more elements than rows · width. */
  allReduce(partial: Tensor): void {
    if (this.#buffers) this.#endStage(partial, partial, true)
  }

  #endStage(partial: Tensor, into: Tensor, isSum: boolean): void {
    const readable = this.#buffers!.readables[this.#half]!
    const sizeBytes = tensorBytes(partial)
    this.stream.copyBuffer(partial.buffer, partial.offsetBytes, readable, 0, sizeBytes)
    this.#collectives.push({ readable, sizeBytes, into, isSum })
    this.stream.beginStage('after an all-reduce')
  }

  /** Hands what this rank reads to the others, and their bytes or the sum to the device: one barrier, two for large sums. */
  async #meet({ sizeBytes, into, isSum }: Collective, read: MappedReader): Promise<void> {
    const { communicator, device } = this
    const { gathered } = this.#buffers!
    const allBytes = communicator.ranks * sizeBytes
    if (allBytes > hostSumBytes) {
      const sum = await read(mine => communicator.allReduce(new Float32Array(mine)))
      device.write(into.buffer, into.offsetBytes, sum)
      return
    }
    read(mine => communicator.post(new Uint8Array(mine)))
    await communicator.collect(gathered)
    const all = new Float32Array(gathered.buffer, 0, allBytes / 4)
    device.write(into.buffer, into.offsetBytes, isSum ? sumOfParts(all, sizeBytes / 4) : all)
  }
}

/** The sum of parts of `count` numbers each, added in their order in f32, in the place of the first. */
function sumOfParts(all: Float32Array<ArrayBuffer>, count: number): Float32Array<ArrayBuffer> {
  const sum = all.subarray(0, count)
  for (let from = count; from < all.length; from += count)
    for (let i = 0; i < count; i++) sum[i] = sum[i]! + all[from + i]!
  return sum
}
