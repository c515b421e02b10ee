import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { createTensor, type DType, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './pack-weight.wgsl?raw'
import {
  type BlockPlane,
  isPlain,
  storedBytes,
  type WeightType,
  weightTypeNames,
  weightTypes,
} from './weight-types.ts'

const kernel = defineKernel('pack-weight', source)

/** Types of a weight whose numbers are stored one by one. */
export type WeightDType = Extract<DType, 'f32' | 'f16' | 'bf16'>

/** Outputs of one type, and where they lie in the whole weight: from the first on, so far apart. */
export interface WeightOutputs {
  readonly dtype: WeightType
  readonly firstOutput: number
  readonly outputStride: number
  readonly outputs: number
}

/**
 * Outputs of a weight in one buffer. `blocks` holds the planes of its type (weight-types.ts) one after another, each from
 * a multiple of 16 bytes on. A plane is [blocks of an output, outputs] elements of 16, 4, 2 or 1 bytes, so that threads of
 * neighbouring outputs read neighbouring memory; one of less than 4 bytes has its outputs rounded up to a multiple of 4.
 */
export interface WeightPiece extends WeightOutputs {
  readonly blocks: Tensor
  /** Blocks of an output. */
  readonly blocksOfOutput: number
  /** Inputs of an output's first block that come before the weight's first: of a block that ranks share. */
  readonly skip: number
}

/**
 * A weight W of y = W x as the linear and embed kernels read it. It is one piece where its outputs are of one type and fit
 * a binding; what is computed does not depend on that.
 */
export interface PackedWeight {
  readonly name: string
  readonly outputs: number
  readonly inputs: number
  readonly pieces: readonly WeightPiece[]
}

/** The value of the linear and embed kernels' override WEIGHT_TYPE. */
export function weightTypeConstant(dtype: WeightType): number {
  return weightTypeNames.indexOf(dtype)
}

/** The buffers of a weight. */
export function weightTensors(weight: PackedWeight): Tensor[] {
  return weight.pieces.map(({ blocks }) => blocks)
}

/** Bytes of packed outputs of one type; `firstInput` is where a rank's inputs begin in the whole rows. */
export function packedWeightBytes(
  dtype: WeightType,
  outputs: number,
  inputs: number,
  firstInput = 0,
): number {
  const { blocksOfOutput } = blockRange(dtype, inputs, firstInput)
  return planeOffsets(dtype, blocksOfOutput, outputs).at(-1)!
}

/** Which blocks of a row hold a rank's inputs: the first of the row's blocks, how many, and inputs of the first to skip. */
export function blockRange(dtype: WeightType, inputs: number, firstInput: number) {
  if (isPlain(dtype))
    return { first: firstInput, blocksOfOutput: Math.ceil(storedBytes(dtype, inputs) / 16), skip: 0 }
  const { inputs: blockInputs } = weightTypes[dtype]
  const skip = inputs === 0 ? 0 : firstInput % blockInputs
  return {
    first: Math.floor(firstInput / blockInputs),
    blocksOfOutput: Math.ceil((skip + inputs) / blockInputs),
    skip,
  }
}

/** Where each plane begins, in bytes, and last where they end. */
function planeOffsets(dtype: WeightType, blocksOfOutput: number, outputs: number): number[] {
  const offsets = [0]
  for (const plane of weightTypes[dtype].planes) {
    const bytes = blocksOfOutput * planeOutputs(plane, outputs) * plane.bytes
    offsets.push(offsets.at(-1)! + Math.ceil(bytes / 16) * 16)
  }
  return offsets
}

/** Elements of a plane's row: outputs, and where several share a word a multiple of eight, so that eight scales are read at once. */
function planeOutputs({ bytes }: BlockPlane, outputs: number): number {
  return bytes < 4 ? Math.ceil(outputs / 8) * 8 : outputs
}

/**
 * Makes an empty packed weight, of one type or of outputs of several. `firstInput` says where the inputs begin in the
 * whole rows, of which a rank may hold a part; a piece is at most `mostBytes` large.
 */
export async function createPackedWeight(
  device: Device,
  name: string,
  of: WeightType | readonly WeightOutputs[],
  outputs: number,
  inputs: number,
  { firstInput = 0, mostBytes = mostBindingBytes(device) } = {},
): Promise<PackedWeight> {
  const whole = typeof of === 'string' ? [{ dtype: of, firstOutput: 0, outputStride: 1, outputs }] : of
  const pieces: WeightPiece[] = []
  for (const one of joinOutputs(whole).flatMap(part => cutOutputs(part, inputs, firstInput, mostBytes))) {
    const { blocksOfOutput, skip } = blockRange(one.dtype, inputs, firstInput)
    const bytes = packedWeightBytes(one.dtype, one.outputs, inputs, firstInput)
    const blocks = await createTensor(device, name, 'u32', [bytes / 4])
    pieces.push({ ...one, blocks, blocksOfOutput, skip })
  }
  return { name, outputs, inputs, pieces }
}

/** Bytes of a buffer that a kernel of this device reads, at most. */
function mostBindingBytes({ handle }: Device): number {
  return Math.min(handle.limits.maxBufferSize, handle.limits.maxStorageBufferBindingSize)
}

/** Neighbours of one type as one piece: those that alternate, then those of one stride that follow one another. */
export function joinOutputs(all: readonly WeightOutputs[]): WeightOutputs[] {
  const held = all.filter(({ outputs }) => outputs > 0)
  const parts = held.length > 0 ? held : all.slice(0, 1)
  const joined: WeightOutputs[] = []
  for (let at = 0; at < parts.length; ) {
    const { turns, part } = joinAlternating(parts, at)
    at += turns
    const before = joined.findIndex(
      one =>
        one.dtype === part.dtype &&
        one.outputStride === part.outputStride &&
        one.firstOutput + one.outputs * one.outputStride === part.firstOutput,
    )
    if (before < 0) joined.push(part)
    else joined[before] = { ...joined[before]!, outputs: joined[before]!.outputs + part.outputs }
  }
  return joined
}

/** The parts from `at` on that take turns, as one without gaps where they are of one type; else the first alone. */
function joinAlternating(parts: readonly WeightOutputs[], at: number) {
  const first = parts[at]!
  const turns = first.outputStride
  const taking = parts.slice(at, at + turns)
  const isWhole =
    taking.length === turns &&
    taking.every(
      ({ dtype, outputs, outputStride, firstOutput }, turn) =>
        dtype === first.dtype &&
        outputs === first.outputs &&
        outputStride === turns &&
        firstOutput === first.firstOutput + turn,
    )
  if (!isWhole) return { turns: 1, part: first }
  return { turns, part: { ...first, outputStride: 1, outputs: turns * first.outputs } }
}

/** Outputs in as many parts as a binding's bytes ask for, each of an even number, so that pairs stay together. */
function cutOutputs(
  part: WeightOutputs,
  inputs: number,
  firstInput: number,
  mostBytes: number,
): WeightOutputs[] {
  const bytes = (outputs: number) => packedWeightBytes(part.dtype, outputs, inputs, firstInput)
  if (bytes(part.outputs) <= mostBytes) return [part]
  let most = Math.floor((mostBytes / bytes(part.outputs)) * part.outputs)
  // Whole tiles of the linear kernels, where that many fit.
  while (most > 2 && (bytes(most) > mostBytes || most % (most > 64 ? 64 : 2) !== 0)) most--
  const cut: WeightOutputs[] = []
  for (let done = 0; done < part.outputs; done += most) {
    const outputs = Math.min(most, part.outputs - done)
    cut.push({ ...part, firstOutput: part.firstOutput + done * part.outputStride, outputs })
  }
  return cut
}

/** Where rows of a tensor go in a weight: the first row's output, and the distance to the next. */
export interface RowPlace {
  firstOutput?: number
  outputStride?: number
}

/** The pieces that `count` rows of a tensor go to: which rows, and their place among the outputs of the piece. */
export function rowsOfPieces(
  { pieces }: PackedWeight,
  count: number,
  { firstOutput = 0, outputStride = 1 }: RowPlace,
) {
  return pieces.flatMap(piece => {
    const stride = outputStride / piece.outputStride
    // Of a piece of every other output, rows of the outputs between go elsewhere.
    if (!Number.isInteger(stride) || (firstOutput - piece.firstOutput) % piece.outputStride !== 0) return []
    const first = (firstOutput - piece.firstOutput) / piece.outputStride
    const firstRow = Math.max(0, Math.ceil(-first / stride))
    const rows = Math.min(count, Math.ceil((piece.outputs - first) / stride)) - firstRow
    if (rows <= 0) return []
    return [{ piece, firstRow, rows, firstOutput: first + firstRow * stride, outputStride: stride }]
  })
}

/** Rows of a tensor as a file stores them, in whole words: `words` holds [rows, bytes of a row]. */
export interface StoredRows {
  name: string
  dtype: WeightType
  rows: number
  words: Tensor
}

/**
 * Records the packing of stored rows into `weight`: row r becomes output firstOutput + r · outputStride. A row is the
 * blocks that hold the weight's inputs. Throws where they do not fit.
 */
export function packWeight(
  recorder: Recorder,
  { name, dtype, rows: count, words }: StoredRows,
  weight: PackedWeight,
  place: RowPlace = {},
): void {
  const { firstOutput = 0, outputStride = 1 } = place
  const targets = rowsOfPieces(weight, count, place)
  const packed = targets.reduce((sum, { rows }) => sum + rows, 0)
  if (packed !== count || targets.some(({ piece }) => piece.dtype !== dtype))
    throw new Error(
      `pack-weight: ${name} is ${count} rows of ${dtype}, expected rows with row ${firstOutput} + i·${outputStride} below ` +
        `${weight.outputs} of ${weight.name}, which is ${weight.pieces.map(piece => piece.dtype).join(', ')}`,
    )
  for (const { piece, firstRow, rows, firstOutput, outputStride } of targets) {
    const rowBytes = isPlain(dtype)
      ? storedBytes(dtype, weight.inputs)
      : piece.blocksOfOutput * weightTypes[dtype].bytes
    if (tensorBytes(words) < count * rowBytes)
      throw new Error(
        `pack-weight: ${name} is ${tensorBytes(words)} bytes, expected ${count} rows of ${rowBytes} (${weight.inputs} inputs)`,
      )
    const offsets = planeOffsets(dtype, piece.blocksOfOutput, piece.outputs)
    for (const [index, plane] of weightTypes[dtype].planes.entries()) {
      const outputsOfCell = Math.max(1, 4 / plane.bytes)
      const last = firstOutput + (rows - 1) * outputStride
      const firstCell = Math.floor(firstOutput / outputsOfCell)
      const cells = plane.bytes < 4 ? Math.floor(last / outputsOfCell) - firstCell + 1 : rows
      recorder.dispatch(kernel, {
        params: {
          rows,
          first_row: firstRow,
          row_bytes: rowBytes,
          block_bytes: isPlain(dtype) ? 16 : weightTypes[dtype].bytes,
          plane_offset: plane.offset,
          plane_words: offsets[index]! / 4,
          plane_outputs: planeOutputs(plane, piece.outputs),
          blocks: piece.blocksOfOutput,
          first_cell: firstCell,
          cells,
          first_output: firstOutput,
          output_stride: outputStride,
        },
        tensors: { source: words, packed: piece.blocks },
        constants: { ELEMENT_BYTES: plane.bytes },
        workgroups: [Math.ceil(cells / 16), Math.ceil(piece.blocksOfOutput / 16)],
        cost: { bytes: 2 * rows * piece.blocksOfOutput * plane.bytes, flops: 0 },
      })
    }
  }
}
