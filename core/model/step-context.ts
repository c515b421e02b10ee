import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorBytes, uploadTensor, viewTensor } from '../../kernels/gpu/tensor.ts'
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

/**
 * Where a rank's steps run: the stream that they record to, on the rank's device, and the other ranks. What needs all
 * ranks submits the recording, meets them and begins another. A rank that is alone meets nobody: one recording, one submit.
 */
export class StepContext {
  readonly stream: Recorder
  readonly communicator: Communicator
  /**
   * All ranks' partial sums on the device, or their sum, and this rank's own to be read; and memory in which all ranks' meet.
   * A rank that is alone has none.
   */
  #buffers: { parts: Tensor; readable: GPUBuffer; gathered: Uint8Array<ArrayBuffer> } | null = null

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
      gathered: new Uint8Array(Math.min(hostSumBytes, ranks * rows * width * 4)),
    }
    return context
  }

  get device(): Device {
    return this.stream.device
  }

  /**
   * Submits what is recorded, and gives the first bytes of `readable` as they then are on every rank, in rank order: one
   * submit, one synchronisation, one barrier.
   */
  async submitAndGather(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    const all = new Uint8Array(this.communicator.ranks * sizeBytes)
    await this.#submitAndMeet(readable, sizeBytes, all)
    return all.buffer
  }

  /**
   * x += Σ over ranks of their partial sums (x = Σ where it is the first), y = normalised x, scaled and normalised as
   * rmsNorm says: an all-reduce, the residual add and the norm. Sums go in rank order, on the device for few rows and on the host for many, with the same bits.
   */
  async allReduceAddNorm({ partial, isFirst = false, ...norm }: AllReduceAddNorm): Promise<void> {
    const { stream } = this
    if (!this.#buffers) {
      rmsNorm(stream, { ...norm, fresh: isFirst, delta: partial })
      return
    }
    const { parts, readable } = this.#buffers
    const [rows = 0, width = 0] = partial.shape
    stream.copyBuffer(partial.buffer, partial.offsetBytes, readable, 0, rows * width * 4)
    const sums = await this.#meetWithSums(rows * width)
    const delta = viewTensor(parts, [sums.length / (rows * width), rows, width])
    uploadTensor(this.device, delta, sums)
    stream.begin('after an all-reduce')
    rmsNorm(stream, { ...norm, fresh: isFirst, delta })
  }

  /** Puts the sum over ranks, in rank order, in the place of a small partial sum of no more elements than rows · width. */
  async allReduce(partial: Tensor): Promise<void> {
    if (!this.#buffers) return
    const { readable } = this.#buffers
    this.stream.copyBuffer(partial.buffer, partial.offsetBytes, readable, 0, tensorBytes(partial))
    const mine = await this.#submitAndRead(readable, tensorBytes(partial))
    uploadTensor(this.device, partial, await this.communicator.allReduce(new Float32Array(mine)))
    this.stream.begin('after an all-reduce')
  }

  /**
   * Submits the recording and gives all ranks' partial sums of so many numbers, one after another, or their sum in rank order,
   * with the same bits: where a rank's device is slower at adding than its host, or where there is much to add.
   */
  async #meetWithSums(count: number): Promise<Float32Array<ArrayBuffer>> {
    const { communicator, device } = this
    const { readable, gathered } = this.#buffers!
    const allBytes = communicator.ranks * count * 4
    if (allBytes > hostSumBytes)
      return communicator.allReduce(new Float32Array(await this.#submitAndRead(readable, count * 4)))
    await this.#submitAndMeet(readable, count * 4, gathered)
    const all = new Float32Array(gathered.buffer, 0, allBytes / 4)
    return device.kind === 'cpu' ? sumOfParts(all, count) : all
  }

  /** Submits the recording, and puts what `readable` then holds on every rank into `all`, in rank order. */
  async #submitAndMeet(readable: GPUBuffer, sizeBytes: number, all: Uint8Array): Promise<void> {
    const { communicator, device, stream } = this
    stream.submit()
    await device.whileMapped(readable, sizeBytes, mine => communicator.post(new Uint8Array(mine)))
    await communicator.collect(all)
  }

  #submitAndRead(readable: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
    this.stream.submit()
    return this.device.readMapped(readable, sizeBytes)
  }
}

/** The sum of parts of `count` numbers each, added in their order in f32: in the place of the first. */
function sumOfParts(all: Float32Array<ArrayBuffer>, count: number): Float32Array<ArrayBuffer> {
  const sum = all.subarray(0, count)
  for (let from = count; from < all.length; from += count)
    for (let i = 0; i < count; i++) sum[i] = sum[i]! + all[from + i]!
  return sum
}
