import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, uploadTensor } from '../../kernels/gpu/tensor.ts'
import {
  blockRange,
  createPackedWeight,
  type PackedWeight,
  packWeight,
  type WeightOutputs,
} from '../../kernels/pack-weight/pack-weight.ts'
import { isPlain, storedBytes, weightTypes } from '../../kernels/pack-weight/weight-types.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import { widen } from '../files/widen.ts'
import { InputError } from '../input-error.ts'
import type { Communicator } from '../parallel/communicator.ts'
import { rankShard, type ShardPlan } from '../parallel/plan-shards.ts'
import { checkTensors } from './checkpoint.ts'
import type { ModelConfig } from './config.ts'
import { type BufferPart, type ModelWeights, type RankBuffer, rankBuffers } from './layout.ts'

/** Where a rank's weights come from: a checkpoint, or a seed. */
interface WeightSource {
  /** A packed weight [outputs, inputs] made of parts of tensors. */
  matrix(buffer: RankBuffer, inputs: number): Promise<PackedWeight>
  /** Parts of one or more vectors, one after another, as f32. */
  vector(buffer: RankBuffer): Promise<Tensor>
}

/** Makes all of a rank's weights from where they come from: buffer by buffer, in the order of the layout. */
export async function makeWeights(
  source: WeightSource,
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
): Promise<ModelWeights> {
  const layers: Record<string, unknown>[] = Array.from({ length: config.layers }, () => ({}))
  const weights: Record<string, unknown> = { firstId: rankShard(plan, rank).vocabulary.first, layers }
  for (const buffer of rankBuffers(config, plan, rank)) {
    const { layer, name, inputs } = buffer
    const owner = layer === null ? weights : layers[layer]!
    owner[name] = inputs === null ? await source.vector(buffer) : await source.matrix(buffer, inputs)
  }
  weights.lmHead ??= weights.embedding
  // The layout names every one of them, in the shapes that the types state.
  return weights as unknown as ModelWeights
}

/**
 * Called for whole rows of a tensor as they are read, each row once among all ranks (a vector is one row): for a progress
 * bar, and for a digest without a second reading.
 */
export type OnRows = (tensorName: string, firstRow: number, rowBytes: number, bytes: Uint8Array) => void

/** Where loading spends its time, in milliseconds. Parts go on beside one another, so they need not add up to the whole. */
export interface LoadTimes {
  /** Waiting for the bytes of a checkpoint. */
  readMs: number
  /** Writing them to the device and bringing them into the order of its kernels. */
  uploadMs: number
  /** Compiling the kernels of a step. */
  compileMs: number
  totalMs: number
}

/**
 * Makes room for a rank's part of a checkpoint on its device, which `fill` then reads. All ranks of the group load together. Throws
 * InputError for a tensor that is missing or of another shape, OutOfMemoryError where the device has no room.
 */
export async function placeWeights(
  device: Device,
  config: ModelConfig,
  plan: ShardPlan,
  entries: ReadonlyMap<string, TensorEntry>,
  where: string,
  communicator: Communicator,
  onRows: OnRows = () => {},
  times: Pick<LoadTimes, 'readMs' | 'uploadMs'> = { readMs: 0, uploadMs: 0 },
): Promise<{ weights: ModelWeights; fill: () => Promise<void> }> {
  checkTensors(config, entries, where)
  const { rank, ranks, slotBytes } = communicator
  let staging = null as Tensor | null
  /** What is left to do once there is room for everything, in the order of the layout. */
  const fills: (() => Promise<void>)[] = []

  async function matrix({ label, outputs, parts }: RankBuffer, inputs: number): Promise<PackedWeight> {
    const firstInput = parts[0]?.columns.first ?? 0
    const of = parts.map(({ name, rows, firstOutput, outputStride }): WeightOutputs => {
      return { dtype: entryOf(name).dtype, firstOutput, outputStride, outputs: rows.count }
    })
    const weight = await createPackedWeight(device, label, of, outputs, inputs, { firstInput })
    for (const part of parts) {
      const entry = entryOf(part.name)
      const byColumns = part.split?.axis === 'columns' && ranks > 1
      fills.push(() => (byColumns ? packColumns(entry, part, weight) : packRows(entry, part, weight)))
    }
    return weight
  }

  async function vector(buffer: RankBuffer): Promise<Tensor> {
    const made = await createTensor(device, buffer.label, 'f32', [buffer.outputs])
    fills.push(() => fillVector(buffer, made))
    return made
  }

  async function fillVector({ outputs, parts }: RankBuffer, made: Tensor): Promise<void> {
    const values = new Float32Array(outputs)
    for (const { name, rows, owned, firstRow, offset, firstOutput, outputStride } of parts) {
      const entry = entryOf(name)
      const { dtype, source } = entry
      if (!isPlain(dtype))
        throw new InputError(
          `${source.name}: tensor ${entry.name} is a vector of ${dtype}, expected f32, f16 or bf16; convert the file again`,
        )
      const size = weightTypes[dtype].bytes
      const bytes = await read(entry, (firstRow + rows.first) * size, rows.count * size)
      const from = (owned.first - rows.first) * size
      // A vector counts as rows of one element, so that ranks account for their own parts of it.
      onRows(name, firstRow + owned.first, size, new Uint8Array(bytes, from, owned.count * size))
      const ordered = unpairRows(bytes, size, entry.headPairs)
      for (const [index, value] of widen(ordered, dtype).entries())
        values[firstOutput + index * outputStride] = value + offset
    }
    if (values.length > 0) uploadTensor(device, made, values)
  }

  /** Whole rows: this rank reads its own. */
  async function packRows(entry: TensorEntry, part: BufferPart, weight: PackedWeight): Promise<void> {
    const rowBytes = storedBytes(entry.dtype, weight.inputs)
    const { rows, owned, firstRow } = part
    // Of paired rows whole heads.
    const together = entry.headPairs ?? 1
    const rowsAtOnce = Math.max(1, Math.floor(readBytes / rowBytes / together)) * together
    for (let done = 0; done < rows.count; done += rowsAtOnce) {
      const first = rows.first + done
      const count = Math.min(rowsAtOnce, rows.count - done)
      const bytes = await read(entry, (firstRow + first) * rowBytes, count * rowBytes)
      const ownFirst = Math.max(first, owned.first)
      const ownEnd = Math.min(first + count, owned.first + owned.count)
      if (ownEnd > ownFirst) {
        const own = new Uint8Array(bytes, (ownFirst - first) * rowBytes, (ownEnd - ownFirst) * rowBytes)
        onRows(entry.name, firstRow + ownFirst, rowBytes, own)
      }
      const ordered = unpairRows(bytes, rowBytes, entry.headPairs)
      await pack(entry, new Uint8Array(ordered), count, weight, part, done)
    }
  }

  /**
   * Some columns of every row: each rank reads its part of the rows, once, and hands them to all, of which each keeps the
   * blocks that hold its own columns. So the file is read once, in long pieces.
   */
  async function packColumns(entry: TensorEntry, part: BufferPart, weight: PackedWeight): Promise<void> {
    const { columns } = part
    const rowBytes = storedBytes(entry.dtype, entry.shape.at(-1) ?? 1)
    const { bytes: blockBytes } = weightTypes[entry.dtype]
    const own = isPlain(entry.dtype)
      ? { first: columns.first * blockBytes, bytes: columns.count * blockBytes }
      : ownBlocks(blockRange(entry.dtype, columns.count, columns.first), blockBytes)
    const total = part.rows.count
    const most = Math.min(readBytes, slotBytes)
    const rowsOfRank = Math.min(Math.ceil(total / ranks), Math.max(1, Math.floor(most / rowBytes)))
    for (let done = 0; done < total; done += rowsOfRank * ranks) {
      const first = Math.min(total, done + rank * rowsOfRank)
      const count = Math.min(rowsOfRank, total - first)
      const mine = new Uint8Array(rowsOfRank * rowBytes)
      mine.set(new Uint8Array(await read(entry, (part.firstRow + first) * rowBytes, count * rowBytes)))
      if (count > 0) onRows(entry.name, part.firstRow + first, rowBytes, mine.subarray(0, count * rowBytes))
      const all = await communicator.allGather(mine)
      const rows = Math.min(rowsOfRank * ranks, total - done)
      const kept = new Uint8Array(rows * own.bytes)
      for (let row = 0; row < rows; row++) {
        const start = row * rowBytes + own.first
        kept.set(all.subarray(start, start + own.bytes), row * own.bytes)
      }
      if (columns.count > 0) await pack(entry, kept, rows, weight, part, done)
    }
  }

  async function pack(
    { name, dtype }: TensorEntry,
    bytes: Uint8Array<ArrayBuffer>,
    rows: number,
    weight: PackedWeight,
    { firstOutput, outputStride }: BufferPart,
    rowsBefore: number,
  ): Promise<void> {
    const startMs = performance.now()
    const words = wholeWords(bytes)
    if (!staging || staging.buffer.size < words.byteLength) {
      if (staging) device.destroyBuffer(staging.buffer)
      staging = await createTensor(device, 'weight staging', 'u32', [words.byteLength / 4])
    }
    device.write(staging.buffer, 0, words)
    const recorder = new Recorder(device, `pack ${name}`)
    const place = { firstOutput: firstOutput + rowsBefore * outputStride, outputStride }
    packWeight(recorder, { name, dtype, rows, words: staging }, weight, place)
    recorder.submit()
    // What the queue holds for the device counts as host memory too.
    await device.idle()
    times.uploadMs += performance.now() - startMs
  }

  async function read(entry: TensorEntry, start: number, byteLength: number): Promise<ArrayBuffer> {
    const startMs = performance.now()
    const bytes = await entry.source.slice(entry.start + start, entry.start + start + byteLength)
    times.readMs += performance.now() - startMs
    return bytes
  }

  function entryOf(name: string): TensorEntry {
    const entry = entries.get(name)
    if (!entry) throw new InputError(`weights: tensor ${name} is missing`)
    return entry
  }

  const weights = await makeWeights({ matrix, vector }, config, plan, rank)
  const fill = async () => {
    for (const one of fills) await one()
    if (staging) device.destroyBuffer(staging.buffer)
  }
  return { weights, fill }
}

/** Reads a rank's part of a checkpoint onto its device, as placeWeights and `fill` do. */
export async function loadWeights(...from: Parameters<typeof placeWeights>): Promise<ModelWeights> {
  const { weights, fill } = await placeWeights(...from)
  await fill()
  return weights
}

/** Bytes that a rank reads at once, at most. */
const readBytes = 8 * 2 ** 20

/**
 * Rows of whole heads in the order of the forward pass. Where a file has them in pairs, row 2i + h of a head of d is row
 * h·d/2 + i.
 */
function unpairRows(bytes: ArrayBuffer, rowBytes: number, headRows: number | undefined): ArrayBuffer {
  if (headRows === undefined) return bytes
  const paired = new Uint8Array(bytes)
  const ordered = new Uint8Array(bytes.byteLength)
  for (let row = 0; row * rowBytes < bytes.byteLength; row++) {
    const inHead = row % headRows
    const to = row - inHead + (inHead % 2) * (headRows / 2) + Math.floor(inHead / 2)
    ordered.set(paired.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes)
  }
  return ordered.buffer
}

/** The bytes of a row that are these of its blocks. */
function ownBlocks({ first, blocksOfOutput }: ReturnType<typeof blockRange>, blockBytes: number) {
  return { first: first * blockBytes, bytes: blocksOfOutput * blockBytes }
}

/** The bytes themselves, or a copy with zero bytes after a number of them that is no multiple of 4: writes go by words. */
function wholeWords(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength % 4 === 0) return bytes
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4)
  padded.set(bytes)
  return padded
}
