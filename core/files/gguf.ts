import { type WeightType, weightTypes } from '../../kernels/pack-weight/weight-types.ts'
import { InputError, shownName } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { mostPointerBytes, refuseGitLfsPointer } from './git-lfs-pointer.ts'

/** A value of a GGUF file's metadata. 64-bit integers are numbers where a number holds them exactly. */
export type GgufValue = number | bigint | boolean | string | GgufArray
/** Numbers come in the type that the file has them in. */
export type GgufArray = readonly string[] | readonly boolean[] | GgufNumbers | readonly GgufArray[]
type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array

/** The metadata of a GGUF file: values by key, decoded when they are asked for, lists anew each time. */
export interface GgufMetadata {
  /** The file, for messages. */
  readonly name: string
  keys(): Iterable<string>
  has(key: string): boolean
  /** Undefined where the file has no such key. */
  get(key: string): GgufValue | undefined
  /** Entries of a list, which is not decoded for it; null of a single value, and where the file has no such key. */
  count(key: string): number | null
  /** In words, for messages: "uint32", "a list of 3 strings". */
  describe(key: string): string
}

/** Where a tensor of a GGUF file lies. */
export interface GgufTensor {
  name: string
  type: WeightType
  /** As the file states them: the inputs of a row first. */
  dims: number[]
  source: ByteSource
  /** Absolute offset in the source, bytes. */
  start: number
  byteLength: number
}

/** What the header of a GGUF file says. */
export interface GgufFile {
  metadata: GgufMetadata
  /** In the order of the file. */
  tensors: Map<string, GgufTensor>
  /** Bytes before the data. */
  headerBytes: number
}

const magic = 0x46554747
const versions = [2, 3]
/** Where the counts of tensors and of keys end. */
const countsEnd = 24
/** Five times the largest published header: 200,000 tokens and 450,000 merges. */
const mostHeaderBytes = 64_000_000
const mostEntries = 100_000
/** The format's own bound of a key, and ten times that of a tensor's name. */
const [mostKeyBytes, mostNameBytes] = [65_535, 640]
const mostDimensions = 4
/** Lists in each other, of which no published file has any. */
const mostDepth = 8
const defaultAlignment = 32

interface ScalarType {
  name: string
  bytes: number
  read(view: DataView, at: number): number | bigint | boolean
  /** The list that these bytes are. */
  list(bytes: ArrayBuffer): GgufArray
}

function scalar(
  name: string,
  List: { new (bytes: ArrayBuffer): GgufNumbers; BYTES_PER_ELEMENT: number },
  read: ScalarType['read'],
): ScalarType {
  return { name, bytes: List.BYTES_PER_ELEMENT, read, list: bytes => new List(bytes) }
}

const narrowed = (value: bigint) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

/** Types of a single value, by their numbers. */
const scalarTypes: Partial<Record<number, ScalarType>> = {
  0: scalar('uint8', Uint8Array, (view, at) => view.getUint8(at)),
  1: scalar('int8', Int8Array, (view, at) => view.getInt8(at)),
  2: scalar('uint16', Uint16Array, (view, at) => view.getUint16(at, true)),
  3: scalar('int16', Int16Array, (view, at) => view.getInt16(at, true)),
  4: scalar('uint32', Uint32Array, (view, at) => view.getUint32(at, true)),
  5: scalar('int32', Int32Array, (view, at) => view.getInt32(at, true)),
  6: scalar('float32', Float32Array, (view, at) => view.getFloat32(at, true)),
  7: {
    ...scalar('bool', Uint8Array, (view, at) => view.getUint8(at) !== 0),
    list: bytes => Array.from(new Uint8Array(bytes), byte => byte !== 0),
  },
  10: scalar('uint64', BigUint64Array, (view, at) => narrowed(view.getBigUint64(at, true))),
  11: scalar('int64', BigInt64Array, (view, at) => narrowed(view.getBigInt64(at, true))),
  12: scalar('float64', Float64Array, (view, at) => view.getFloat64(at, true)),
}
const stringType = 8
const listType = 9

/** ggml's names of the types of tensors, by their numbers; those of 31 to 33 and 36 to 38 were taken out of the format. */
const tensorTypeNames: Partial<Record<number, string>> = Object.fromEntries(
  (
    'F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL ' +
    'IQ3_S IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 IQ4_NL_4_4 IQ4_NL_4_8 ' +
    'IQ4_NL_8_8 MXFP4 NVFP4'
  )
    .split(' ')
    .map((name, number) => [number, name]),
)

/**
 * Reads the header of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), version 2 or 3, and no tensor
 * data. What the header counts is held against what is left of the file before anything is made of it. Throws InputError, with
 * the field's name, for what is damaged, and for a tensor of a type that no kernel reads.
 */
export async function openGguf(source: ByteSource): Promise<GgufFile> {
  const reader = headerReader(source)
  const counts = await readCounts(source, reader)
  const places = new Map<string, ValuePlace>()
  let before = 'the counts'
  for (let index = 0; index < counts.keys; index++) {
    const place = `metadata key ${index} of metadata_kv_count ${counts.keys} (counted from 0, after ${before})`
    const key = await readName(reader, place, mostKeyBytes, text => `${place}, which begins ${text}`)
    if (places.has(key))
      reader.refuse(`${shownName(key)} stands twice in the metadata, expected each key once; ${damaged}`)
    before = shownName(key)
    await reader.need(4, before)
    const type = reader.uint32()
    places.set(key, await skipValue(reader, type, before))
  }
  const metadata = metadataOf(source.name, reader, places)
  const infos: TensorInfo[] = []
  const names = new Set<string>()
  for (let index = 0; index < counts.tensors; index++) {
    const info = await readTensorInfo(
      reader,
      `tensor ${index} of tensor_count ${counts.tensors} (counted from 0)`,
    )
    if (names.has(info.name))
      reader.refuse(`tensor ${shownName(info.name)} stands twice, expected each name once; ${damaged}`)
    names.add(info.name)
    infos.push(info)
  }
  const tensors = placeTensors(source, reader, alignmentOf(metadata), infos)
  return { metadata, tensors: new Map(tensors.map(tensor => [tensor.name, tensor])), headerBytes: reader.at }
}

const damaged = 'the header is damaged, fetch the file again'
const cut = 'the file is cut, fetch it again'

/** A count as a message has it: what no number holds exactly only so far as it is known. */
function shownNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : `about ${value.toExponential(3)}`
}

/** The first bytes of a file, read further as they are needed. What is taken must be needed before. */
interface HeaderReader {
  at: number
  readonly byteLength: number
  /** Bytes that are there already. */
  readonly filled: number
  /** What is there; a later `need` may make another of it. */
  bytes: Uint8Array<ArrayBuffer>
  view: DataView
  refuse(message: string): never
  /** Has so many more bytes at hand. Throws InputError, with the field's name, where the file ends before. */
  need(length: number, field: string): Promise<void>
  uint32(): number
  /** A length, count or offset; beyond 2^53 the nearest number. */
  uint64(): number
}

function headerReader(source: ByteSource): HeaderReader {
  const refuse = (message: string): never => {
    throw new InputError(`${source.name}: ${message}`)
  }
  const bytes = new Uint8Array(0)
  let filled = 0
  return {
    at: 0,
    byteLength: source.byteLength,
    get filled() {
      return filled
    },
    bytes,
    view: new DataView(bytes.buffer),
    refuse,
    async need(length, field) {
      const end = this.at + length
      if (end <= filled) return
      if (end > source.byteLength)
        refuse(
          `${field}: ${shownNumber(length)} bytes at ${this.at} expected, found ${source.byteLength - this.at} before the file's end; ${cut}`,
        )
      if (end > mostHeaderBytes)
        refuse(
          `${field}: the header is longer than ${mostHeaderBytes} bytes, expected less; this is no model that is known`,
        )
      // A page pays for each request, a disk for each byte.
      const wanted = Math.max(end, filled === 0 ? 2 ** 18 : filled + Math.min(filled, 2 ** 22))
      const until = Math.min(wanted, source.byteLength)
      const added = new Uint8Array(await source.slice(filled, until))
      if (until > this.bytes.length) {
        const larger = new Uint8Array(Math.min(Math.max(until, 2 * this.bytes.length), source.byteLength))
        larger.set(this.bytes.subarray(0, filled))
        this.bytes = larger
        this.view = new DataView(larger.buffer)
      }
      this.bytes.set(added, filled)
      filled = until
    },
    uint32() {
      this.at += 4
      return this.view.getUint32(this.at - 4, true)
    },
    uint64() {
      this.at += 8
      return this.view.getUint32(this.at - 8, true) + 2 ** 32 * this.view.getUint32(this.at - 4, true)
    },
  }
}

async function readCounts(source: ByteSource, reader: HeaderReader) {
  const { byteLength } = source
  await reader.need(Math.min(byteLength, mostPointerBytes), 'size')
  const start = reader.bytes.slice(0, mostPointerBytes).buffer
  refuseGitLfsPointer(start, source.name)
  if (byteLength < 8)
    reader.refuse(
      `size is ${byteLength} bytes, expected at least the ${countsEnd} in which a GGUF file begins; ${cut}`,
    )
  const [first, version] = [reader.uint32(), reader.uint32()]
  if (first !== magic) {
    const found = JSON.stringify(new TextDecoder('latin1').decode(start.slice(0, 4)))
    reader.refuse(`magic is ${found}, expected "GGUF"; this is no GGUF file, or one of before 2023`)
  }
  if (version !== 0 && version % 2 ** 16 === 0)
    reader.refuse(
      'byte order is big-endian (its version reads as ' +
        `${version}), expected little-endian; convert the model on a little-endian machine`,
    )
  if (!versions.includes(version))
    reader.refuse(
      `version is ${version}, expected ${versions.join(' or ')}; convert the model again with a current llama.cpp`,
    )
  const count = async (field: string) => {
    await reader.need(8, field)
    const value = reader.uint64()
    if (value > mostEntries)
      reader.refuse(`${field} is ${shownNumber(value)}, expected at most ${mostEntries}; ${damaged}`)
    return value
  }
  return { tensors: await count('tensor_count'), keys: await count('metadata_kv_count') }
}

// A vocabulary may hold U+FEFF as a token.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A length and so many bytes of text; `place` names it where it cannot be read, `begun` by the beginning that is there. */
async function readName(
  reader: HeaderReader,
  place: string,
  most: number,
  begun: (text: string, length: number) => string,
): Promise<string> {
  await reader.need(8, place)
  const length = reader.uint64()
  if (length > most)
    reader.refuse(
      `${place}: its length is ${shownNumber(length)} bytes, expected at most ${most}; ${damaged}`,
    )
  const found = Math.min(length, reader.byteLength - reader.at)
  await reader.need(found, place)
  const text = decoder.decode(reader.bytes.subarray(reader.at, reader.at + found))
  if (found < length) await reader.need(length, begun(shownName(text), length))
  reader.at += length
  return text
}

/** Where a value lies in the header. */
interface ValuePlace {
  type: number
  at: number
  list: ListPlace | null
}
interface ListPlace {
  /** Of its entries. */
  type: number
  count: number
  /** Of its first entry. */
  at: number
  /** Where its entries are lists themselves. */
  lists: ListPlace[] | null
}

async function skipValue(reader: HeaderReader, type: number, key: string): Promise<ValuePlace> {
  const scalar = scalarTypes[type]
  const at = reader.at
  if (type === listType) return { type, at, list: await skipList(reader, key, 0) }
  if (type === stringType) await skipStrings(reader, 1, key)
  else if (scalar) {
    await reader.need(scalar.bytes, key)
    reader.at += scalar.bytes
  } else reader.refuse(`${key}: value type ${type}, expected 0 to 12; ${damaged}`)
  return { type, at, list: null }
}

async function skipList(reader: HeaderReader, key: string, depth: number): Promise<ListPlace> {
  if (depth >= mostDepth)
    reader.refuse(
      `${key}: lists in each other more than ${mostDepth} deep, expected fewer; the file is made to harm, do not use it`,
    )
  await reader.need(12, key)
  const type = reader.uint32()
  const count = reader.uint64()
  const at = reader.at
  const scalar = scalarTypes[type]
  const leastBytes = scalar?.bytes ?? (type === stringType ? 8 : 12)
  if (!scalar && type !== stringType && type !== listType)
    reader.refuse(`${key}: a list of value type ${type}, expected 0 to 12; ${damaged}`)
  const most = Math.floor((reader.byteLength - at) / leastBytes)
  if (count > most)
    reader.refuse(
      `${key}: a list of ${shownNumber(count)} entries, expected at most the ${most} that the file has room for; ${damaged}`,
    )
  let lists: ListPlace[] | null = null
  if (scalar) {
    await reader.need(count * scalar.bytes, key)
    reader.at += count * scalar.bytes
  } else if (type === stringType) await skipStrings(reader, count, key)
  else {
    if (count > mostEntries)
      reader.refuse(
        `${key}: a list of ${shownNumber(count)} lists, expected at most ${mostEntries}; ${damaged}`,
      )
    lists = []
    for (let index = 0; index < count; index++) lists.push(await skipList(reader, key, depth + 1))
  }
  return { type, count, at, lists }
}

async function skipStrings(reader: HeaderReader, count: number, key: string): Promise<void> {
  for (let index = 0; index < count; index++) {
    // A vocabulary has hundreds of thousands: what is there already is not waited for.
    if (reader.at + 8 > reader.filled) await reader.need(8, key)
    const length = reader.uint64()
    if (reader.at + length > reader.filled) await reader.need(length, key)
    reader.at += length
  }
}

function metadataOf(name: string, reader: HeaderReader, places: Map<string, ValuePlace>): GgufMetadata {
  const text = (at: number): { value: string; end: number } => {
    const start = at + 8
    const end = start + reader.view.getUint32(at, true)
    return { value: decoder.decode(reader.bytes.subarray(start, end)), end }
  }
  const listOf = ({ type, count, at, lists }: ListPlace): GgufArray => {
    if (lists) return lists.map(listOf)
    const scalar = scalarTypes[type]
    if (scalar) return scalar.list(reader.bytes.slice(at, at + count * scalar.bytes).buffer)
    const texts: string[] = []
    for (let next = at; texts.length < count; ) {
      const { value, end } = text(next)
      texts.push(value)
      next = end
    }
    return texts
  }
  const nameOf = (type: number) => scalarTypes[type]?.name ?? (type === stringType ? 'string' : 'list')
  return {
    name,
    keys: () => places.keys(),
    has: key => places.has(key),
    get(key) {
      const place = places.get(key)
      if (!place) return undefined
      if (place.list) return listOf(place.list)
      return scalarTypes[place.type]?.read(reader.view, place.at) ?? text(place.at).value
    },
    count: key => places.get(key)?.list?.count ?? null,
    describe(key) {
      const place = places.get(key)
      if (!place) return 'nothing'
      if (place.list) return `a list of ${place.list.count} ${nameOf(place.list.type)}s`
      const value = this.get(key)
      return `${typeof value === 'string' ? JSON.stringify(shownName(value)) : value} (${nameOf(place.type)})`
    },
  }
}

function alignmentOf(metadata: GgufMetadata): number {
  const key = 'general.alignment'
  const value = metadata.get(key) ?? defaultAlignment
  if (typeof value === 'number' && value >= 1 && Number.isInteger(Math.log2(value))) return value
  throw new InputError(
    `${metadata.name}: ${key} is ${metadata.describe(key)}, expected a power of two such as ${defaultAlignment}; ${damaged}`,
  )
}

interface TensorInfo {
  name: string
  dims: number[]
  type: number
  /** From where the data begins. */
  offset: number
}

async function readTensorInfo(reader: HeaderReader, place: string): Promise<TensorInfo> {
  const name = await readName(
    reader,
    place,
    mostNameBytes,
    (text, length) => `tensor ${completedName(text, length)}`,
  )
  const where = `tensor ${shownName(name)}`
  await reader.need(4, where)
  const count = reader.uint32()
  if (count < 1 || count > mostDimensions)
    reader.refuse(`${where}: ${count} dimensions, expected 1 to ${mostDimensions}; ${damaged}`)
  await reader.need(count * 8 + 12, where)
  const dims = Array.from({ length: count }, () => reader.uint64())
  return { name, dims, type: reader.uint32(), offset: reader.uint64() }
}

/** A tensor's name of which only the beginning is there: names end in "weight" or "bias", whichever has the stated length. */
function completedName(text: string, length: number): string {
  const stem = text.slice(0, text.lastIndexOf('.') + 1)
  const end = ['weight', 'bias'].find(
    word => word.startsWith(text.slice(stem.length)) && stem.length + word.length === length,
  )
  return end === undefined ? `${text}…` : stem + end
}

/** Throws InputError unless each tensor has bytes of its own within the file. */
function placeTensors(
  source: ByteSource,
  reader: HeaderReader,
  alignment: number,
  infos: TensorInfo[],
): GgufTensor[] {
  const dataStart = Math.ceil(reader.at / alignment) * alignment
  const dataBytes = Math.max(0, source.byteLength - dataStart)
  const tensors = infos.map(info => {
    const where = `tensor ${shownName(info.name)}`
    const { name, dims, offset } = info
    const type = weightTypeOf(reader, where, info.type)
    const { inputs, bytes } = weightTypes[type]
    if (dims.some(size => size < 1))
      reader.refuse(
        `${where}: dimensions ${dims.map(shownNumber).join(' × ')}, expected each to be at least 1; ${damaged}`,
      )
    if (dims[0]! % inputs !== 0)
      reader.refuse(
        `${where}: rows of ${dims[0]} numbers of type ${type.toUpperCase()}, expected a multiple of its blocks' ${inputs}; ${damaged}`,
      )
    const byteLength = dims.reduce((product, size) => product * size, bytes / inputs)
    if (offset % alignment !== 0)
      reader.refuse(
        `${where}: offset ${offset}, expected a multiple of ${alignment} (general.alignment); ${damaged}`,
      )
    return { name, type, dims, source, start: dataStart + offset, byteLength }
  })
  let end = dataStart
  let before = 'the header'
  for (const { name, dims, type, start, byteLength } of tensors.toSorted(
    (one, other) => one.start - other.start,
  )) {
    const where = `tensor ${shownName(name)}`
    if (start < end)
      reader.refuse(
        `${where}: bytes from ${start} on, but those up to ${end} are of tensor ${before}; expected each to have its own, ${damaged}`,
      )
    end = start + byteLength
    before = shownName(name)
    if (end > source.byteLength)
      reader.refuse(
        `${where}: ${dims.map(shownNumber).join(' × ')} of ${type.toUpperCase()} take ${shownNumber(byteLength)} bytes at ${shownNumber(start - dataStart)} of the data, ` +
          `expected within its ${dataBytes}, the file's last; ${cut}`,
      )
  }
  return tensors
}

function weightTypeOf(reader: HeaderReader, where: string, number: number): WeightType {
  const name = tensorTypeNames[number]
  const type = name?.toLowerCase()
  if (type !== undefined && Object.hasOwn(weightTypes, type)) return type as WeightType
  return reader.refuse(
    `${where}: type ${number}${name === undefined ? '' : ` (${name})`}, expected one of ` +
      `${Object.keys(weightTypes).join(', ').toUpperCase()}; use a file of one of these`,
  )
}
