import { z } from 'zod'
import { bytesPerElement } from '../../kernels/gpu/tensor.ts'
import type { WeightDType } from '../../kernels/pack-weight/pack-weight.ts'
import type { WeightType } from '../../kernels/pack-weight/weight-types.ts'
import { describeIssues, InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { mostPointerBytes, refuseGitLfsPointer } from './git-lfs-pointer.ts'
import { type JsonBounds, parseJsonBytes } from './read-json.ts'

/** Where one tensor lies: its bytes are `source.slice(start, start + byteLength)`, row-major and little-endian. */
export interface TensorEntry {
  name: string
  dtype: WeightType
  shape: number[]
  source: ByteSource
  /** Absolute offset in the source, bytes. */
  start: number
  byteLength: number
  /**
   * Width d of a head where its rows lie in pairs, as in GGUF files of some architectures: the file's row 2i + h of a head is the
   * model's row h·d/2 + i.
   */
  headPairs?: number
}

const lengthBytes = 8
/** A header of 60,000 tensors, fifty times those of the largest published model of this kind. */
const headerBounds: JsonBounds = { bytes: 25_000_000, depth: 4, values: 500_000, uniqueKeys: true }
/** Dimensions of a tensor, as many as any library has. */
const mostDimensions = 64
/** The number formats that the kernels read, by their names in a header. */
const dtypeNames: Record<string, WeightDType> = { F32: 'f32', F16: 'f16', BF16: 'bf16' }

const nonNegative = z.int().nonnegative()
const headerEntry = z.object({
  dtype: z.string(),
  shape: z.array(nonNegative),
  data_offsets: z.tuple([nonNegative, nonNegative]),
})

/**
 * Reads the header of a safetensors file (https://huggingface.co/docs/safetensors) and no tensor data: where each tensor
 * lies. Throws InputError unless the header is whole, names each tensor once, and the tensors' bytes are all of the data, each its
 * own tensor's. A tensor of a format that no kernel
 * reads is left out, or refused where `isNeeded` says that it is.
 */
export async function openSafetensors(
  source: ByteSource,
  isNeeded: (name: string) => boolean = () => true,
): Promise<Map<string, TensorEntry>> {
  const headerBytes = await readHeaderLength(source)
  const dataStart = lengthBytes + headerBytes
  const bytes = await source.slice(lengthBytes, dataStart)
  const header = parseJsonBytes(bytes, `${source.name}: header`, headerBounds)
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new InputError(
      `${source.name}: the header is not a JSON object; this is no safetensors file, or a damaged one`,
    )
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(source, dataStart, name, value))
  refuseGaps(source, dataStart, entries)
  return new Map(
    entries.flatMap(entry => {
      const dtype = Object.hasOwn(dtypeNames, entry.dtype) ? dtypeNames[entry.dtype] : undefined
      if (dtype) return [[entry.name, { ...entry, dtype }]]
      if (!isNeeded(entry.name)) return []
      throw new InputError(
        `${source.name}: tensor ${entry.name}: dtype ${entry.dtype}, expected one of ${Object.keys(dtypeNames).join(', ')}; ` +
          'use a checkpoint in one of these (a quantized one is not supported)',
      )
    }),
  )
}

async function readHeaderLength(source: ByteSource): Promise<number> {
  if (source.byteLength < lengthBytes)
    throw new InputError(
      `${source.name}: ${source.byteLength} bytes, expected at least the ${lengthBytes} of a safetensors header length; ` +
        'the file is cut, fetch it again',
    )
  const headerBytes = new DataView(await source.slice(0, lengthBytes)).getBigUint64(0, true)
  if (headerBytes > headerBounds.bytes) {
    refuseGitLfsPointer(await source.slice(0, Math.min(source.byteLength, mostPointerBytes)), source.name)
    throw new InputError(
      `${source.name}: header of ${headerBytes} bytes, expected at most ${headerBounds.bytes}; this is no safetensors file`,
    )
  }
  const available = source.byteLength - lengthBytes
  if (headerBytes > available)
    throw new InputError(
      `${source.name}: header of ${headerBytes} bytes, found only ${available}; the file is cut in its header, fetch it again`,
    )
  return Number(headerBytes)
}

type AnyEntry = Omit<TensorEntry, 'dtype'> & { dtype: string }

function readEntry(source: ByteSource, dataStart: number, name: string, value: unknown): AnyEntry {
  const where = `${source.name}: tensor ${name}`
  refuseManyDimensions(where, value)
  const parsed = headerEntry.safeParse(value)
  if (!parsed.success)
    throw new InputError(
      `${where}: header entry is malformed: ${describeIssues(parsed.error)}; fetch the file again`,
    )
  const [begin, end] = parsed.data.data_offsets
  const { shape, dtype } = parsed.data
  const known = Object.hasOwn(dtypeNames, dtype) ? dtypeNames[dtype] : undefined
  const dataBytes = source.byteLength - dataStart
  if (begin > end)
    throw new InputError(`${where}: data_offsets [${begin}, ${end}] run backwards; the header is damaged`)
  const sizeOf = (known: WeightDType) =>
    shape.reduce((product, size) => product * size, bytesPerElement(known))
  const byteLength = known ? sizeOf(known) : end - begin
  if (byteLength !== end - begin)
    throw new InputError(
      `${where}: [${shape.join(', ')}] of ${dtype} takes ${byteLength} bytes, but data_offsets ` +
        `[${begin}, ${end}] hold ${end - begin}; the header is damaged`,
    )
  if (end > dataBytes)
    throw new InputError(
      `${where}: data_offsets [${begin}, ${end}] end past the ${dataBytes} bytes of data in the file; ` +
        'the file is cut in its data, fetch it again',
    )
  return { name, dtype, shape, source, start: dataStart + begin, byteLength }
}

/** Before each of them is looked at. */
function refuseManyDimensions(where: string, value: unknown): void {
  const { shape } = (value ?? {}) as { shape?: unknown }
  if (Array.isArray(shape) && shape.length > mostDimensions)
    throw new InputError(
      `${where}: a shape of ${shape.length} dimensions, expected at most ${mostDimensions}; the header is damaged`,
    )
}

/** Throws InputError unless each tensor begins where the one before it ends, the first with the data, and the last ends the file. */
function refuseGaps(source: ByteSource, dataStart: number, entries: AnyEntry[]): void {
  // A tensor without bytes stands between two others.
  const ordered = entries.toSorted(
    (one, other) => one.start - other.start || one.byteLength - other.byteLength,
  )
  let end = dataStart
  let before = 'the header'
  for (const { name, start, byteLength } of ordered) {
    if (start < end)
      throw new InputError(
        `${source.name}: tensors ${before} and ${name} overlap: bytes up to ${end}, and [${start}, ${start + byteLength}); ` +
          'the header is damaged',
      )
    if (start > end) refuseHole(source, `between ${before} and ${name}`, end, start)
    end = start + byteLength
    before = name
  }
  if (end < source.byteLength) refuseHole(source, `after ${before}`, end, source.byteLength)
}

function refuseHole(source: ByteSource, place: string, start: number, end: number): never {
  throw new InputError(
    `${source.name}: bytes [${start}, ${end}) ${place} are no tensor's, expected the tensors to fill the file; ` +
      'the header is damaged, or the file is another: fetch it again',
  )
}
