import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, uploadTensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { type RmsNorm, rmsNorm } from '../../kernels/rms-norm/rms-norm.ts'
import type { Exchange } from './exchange.ts'

/** Bytes of all ranks' contributions from which they are summed on the host, each rank its part, instead of on every device. */
export const hostSumBytes = 2 ** 20

/** A normalisation of a residual stream to which every rank adds a partial sum. */
export interface CombinedNorm extends Omit<RmsNorm, 'delta'> {
  /** [rows, width]: this rank's partial sum. */
  partial: Tensor
}

/**
 * One rank's recording of a step, and its place in the tensor-parallel group. What a step records goes to `recorder`; an
 * all-reduce submits it, meets the other ranks and begins a new one. A rank that is alone meets nobody: one recording,
 * one submit.
 */
export class RankGroup {
  readonly device: Device
  readonly exchange: Exchange
  readonly recorder: Recorder
  readonly #parts: Tensor
  readonly #readable: GPUBuffer | null

  private constructor(device: Device, exchange: Exchange, parts: Tensor, readable: GPUBuffer | null) {
    this.device = device
    this.exchange = exchange
    this.recorder = new Recorder(device, 'first step')
    this.#parts = parts
    this.#readable = readable
  }

  /** Makes what all-reduces of at most [rows, width] need. */
  static async create(device: Device, exchange: Exchange, rows: number, width: number): Promise<RankGroup> {
    const { ranks } = exchange
    if (ranks === 1)
      return new RankGroup(device, exchange, await createTensor(device, 'parts', 'f32', [1]), null)
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    const rowsOnDevice = Math.min(rows, Math.max(1, Math.floor(hostSumBytes / (ranks * width * 4))))
    const elements = Math.max(rows * width, ranks * rowsOnDevice * width)
    return new RankGroup(
      device,
      exchange,
      await createTensor(device, 'parts', 'f32', [elements]),
      await device.createBuffer('readable partial sum', rows * width * 4, usage),
    )
  }

  /** Begins the recording of a step. */
  begin(label: string): void {
    this.recorder.begin(label)
  }

  /**
   * x += Σ over ranks of their partial sums (x = Σ where fresh), y = normalised x: an all-reduce, the residual add and the
   * norm. Sums go in rank order, on the device for few rows and on the host for many, with the same bits.
   */
  async addNorm({ partial, ...norm }: CombinedNorm): Promise<void> {
    const { ranks } = this.exchange
    if (!this.#readable) {
      rmsNorm(this.recorder, { ...norm, delta: partial })
      return
    }
    const [rows = 0, width = 0] = partial.shape
    const sizeBytes = rows * width * 4
    this.recorder.copyBuffer(partial.buffer, partial.offsetBytes, this.#readable, 0, sizeBytes)
    this.recorder.submit()
    const mine = await this.device.readMapped(this.#readable, sizeBytes)
    const onHost = ranks * sizeBytes > hostSumBytes
    const summed = onHost
      ? await this.exchange.allReduce(new Float32Array(mine))
      : new Float32Array((await this.exchange.allGather(new Uint8Array(mine))).buffer)
    const parts = viewTensor(this.#parts, onHost ? [1, rows, width] : [ranks, rows, width])
    uploadTensor(this.device, parts, summed)
    this.begin('after an all-reduce')
    rmsNorm(this.recorder, { ...norm, delta: parts })
  }
}
