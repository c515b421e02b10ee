import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, packWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { bytesPerWeight, type TensorEntry } from '../formats/safetensors.ts'
import { widen } from '../formats/widen.ts'
import { InputError } from '../input-error.ts'
import type { Exchange } from '../parallel/exchange.ts'
import type { Range } from '../parallel/split-range.ts'
import type { VectorPart, WeightPart, WeightSource } from './weight-source.ts'

/**
 * Called for whole rows of a tensor as they are read, each row once among all ranks (a vector is one row): for a progress
 * bar, and for a digest without a second reading.
 */
export type OnRows = (tensorName: string, firstRow: number, rowBytes: number, bytes: Uint8Array) => void

/** Bytes that a rank reads at once, at most. */
const readBytes = 8 * 2 ** 20

/** Reads a rank's part of a checkpoint onto its device, in pieces. */
export class WeightReader implements WeightSource {
  readonly #device: Device
  readonly #entries: Map<string, TensorEntry>
  readonly #exchange: Exchange
  readonly #onRows: OnRows
  #staging: Tensor | null = null

  constructor(device: Device, entries: Map<string, TensorEntry>, exchange: Exchange, onRows: OnRows) {
    this.#device = device
    this.#entries = entries
    this.#exchange = exchange
    this.#onRows = onRows
  }

  async packed(label: string, outputs: number, inputs: number, parts: WeightPart[]): Promise<PackedWeight> {
    const [firstPart] = parts
    const { dtype } = this.#entry(firstPart!.name)
    const weight = await createPackedWeight(this.#device, label, dtype, outputs, inputs)
    for (const part of parts) {
      const entry = this.#entry(part.name)
      if (entry.dtype !== dtype)
        throw new InputError(
          `${entry.source.name}: tensor ${entry.name} is ${entry.dtype}, expected ${dtype} like ${firstPart!.name}, ` +
            'with which it is computed in one; convert the checkpoint to one type',
        )
      if (part.columns && this.#exchange.ranks > 1) await this.#packColumns(entry, part, part.columns, weight)
      else await this.#packRows(entry, part, weight)
    }
    return weight
  }

  async vector(label: string, parts: VectorPart[]): Promise<Tensor> {
    const values: number[] = []
    for (const { name, range, owned } of parts) {
      const entry = this.#entry(name)
      const size = bytesPerWeight[entry.dtype]
      const bytes = await this.#read(entry, range.first * size, range.count * size)
      const from = (owned.first - range.first) * size
      // A vector counts as rows of one element, so that ranks account for their own parts of it.
      this.#onRows(name, owned.first, size, new Uint8Array(bytes, from, owned.count * size))
      values.push(...widen(bytes, entry.dtype))
    }
    if (values.length === 0) return createTensor(this.#device, label, 'f32', [0])
    return tensorFrom(this.#device, label, [values.length], new Float32Array(values))
  }

  destroy(): void {
    if (this.#staging) this.#device.destroyBuffer(this.#staging.buffer)
    this.#staging = null
  }

  /** Whole rows: this rank reads its own. */
  async #packRows(entry: TensorEntry, part: WeightPart, weight: PackedWeight): Promise<void> {
    const rowBytes = weight.inputs * bytesPerWeight[entry.dtype]
    const { rows, owned = rows } = part
    const rowsAtOnce = Math.max(1, Math.floor(readBytes / rowBytes))
    for (let done = 0; done < rows.count; done += rowsAtOnce) {
      const first = rows.first + done
      const count = Math.min(rowsAtOnce, rows.count - done)
      const bytes = await this.#read(entry, first * rowBytes, count * rowBytes)
      const ownFirst = Math.max(first, owned.first)
      const ownEnd = Math.min(first + count, owned.first + owned.count)
      if (ownEnd > ownFirst) {
        const own = new Uint8Array(bytes, (ownFirst - first) * rowBytes, (ownEnd - ownFirst) * rowBytes)
        this.#onRows(entry.name, ownFirst, rowBytes, own)
      }
      await this.#pack(entry, new Uint8Array(bytes), count, weight, part, done)
    }
  }

  /**
   * Some columns of every row: each rank reads its part of the rows, once, and hands them to all, of which each keeps its
   * own columns. So the file is read once, in long stretches.
   */
  async #packColumns(
    entry: TensorEntry,
    part: WeightPart,
    columns: Range,
    weight: PackedWeight,
  ): Promise<void> {
    const { rank, ranks, slotBytes } = this.#exchange
    const size = bytesPerWeight[entry.dtype]
    const rowBytes = (entry.shape[1] ?? 1) * size
    const total = part.rows.count
    const most = Math.min(readBytes, slotBytes)
    const rowsOfRank = Math.min(Math.ceil(total / ranks), Math.max(1, Math.floor(most / rowBytes)))
    for (let done = 0; done < total; done += rowsOfRank * ranks) {
      const first = Math.min(total, done + rank * rowsOfRank)
      const count = Math.min(rowsOfRank, total - first)
      const mine = new Uint8Array(rowsOfRank * rowBytes)
      mine.set(new Uint8Array(await this.#read(entry, first * rowBytes, count * rowBytes)))
      if (count > 0) this.#onRows(entry.name, first, rowBytes, mine.subarray(0, count * rowBytes))
      const all = await this.#exchange.gather(mine)
      const rows = Math.min(rowsOfRank * ranks, total - done)
      const own = new Uint8Array(rows * columns.count * size)
      for (let row = 0; row < rows; row++) {
        const start = row * rowBytes + columns.first * size
        own.set(all.subarray(start, start + columns.count * size), row * columns.count * size)
      }
      if (columns.count > 0) await this.#pack(entry, own, rows, weight, part, done)
    }
  }

  async #pack(
    entry: TensorEntry,
    bytes: Uint8Array<ArrayBuffer>,
    rows: number,
    weight: PackedWeight,
    { firstOutput = 0, outputStride = 1 }: WeightPart,
    rowsBefore: number,
  ): Promise<void> {
    const staging = await this.#stagingFor(Math.ceil(bytes.byteLength / 4) * 4)
    this.#device.write(staging.buffer, 0, wholeWords(bytes))
    const recorder = new Recorder(this.#device, `pack ${entry.name}`)
    const source: Tensor = { ...staging, name: entry.name, dtype: entry.dtype, shape: [rows, weight.inputs] }
    packWeight(recorder, source, weight, {
      firstOutput: firstOutput + rowsBefore * outputStride,
      outputStride,
    })
    recorder.submit()
    // What the queue holds for the device counts as host memory too.
    await this.#device.idle()
  }

  #read(entry: TensorEntry, start: number, byteLength: number): Promise<ArrayBuffer> {
    return entry.source.slice(entry.start + start, entry.start + start + byteLength)
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name)
    if (!entry) throw new InputError(`weights: tensor ${name} is missing`)
    return entry
  }

  async #stagingFor(sizeBytes: number): Promise<Tensor> {
    if (this.#staging && this.#staging.buffer.size >= sizeBytes) return this.#staging
    this.destroy()
    this.#staging = await createTensor(this.#device, 'weight staging', 'u32', [sizeBytes / 4])
    return this.#staging
  }
}

/** The bytes themselves, or a copy with two zero bytes after an odd number of 16-bit values: writes go by words. */
function wholeWords(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength % 4 === 0) return bytes
  const padded = new Uint8Array(bytes.byteLength + 2)
  padded.set(bytes)
  return padded
}
