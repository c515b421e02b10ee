import { InputError } from '../../core/input-error.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { memoryByteSource } from './memory-byte-source.ts'
import { propertySeed } from './property-seed.ts'

/** A kind of file that is damaged in many ways: whole ones, and what reads them. */
export interface FuzzedFile {
  name: string
  /** What a test is called by where files of one name are read in several ways. */
  title?: string
  seeds: readonly Uint8Array[]
  /** Makes the digests right that a text has of itself. Every other damaged copy is given them, as one who means harm would. */
  seal?(text: string): string
  /** Rejects with an InputError that names the file, or takes it. */
  read(source: ReturnType<typeof memoryByteSource>, bytes: Uint8Array): Promise<unknown>
}

/** How the cases of a kind ended. */
export interface FuzzCount {
  cases: number
  refused: number
  taken: number
  /** Computing time of the slowest case, milliseconds. */
  slowestMs: number
  /** By how much resident memory rose above that at the start, bytes. */
  grownBytes: number
  /** What no case may do: errors that are not the project's own or name no file, and cases beyond the limits. */
  faults: string[]
}

const mostMs = 2000
const mostBytes = 512 * 2 ** 20
const mostFaults = 5

/** Reads so many damaged copies, drawn from the seed of random tests. */
export function fuzz(file: FuzzedFile, cases: number): Promise<FuzzCount> {
  const random = seededRandom(propertySeed, (file.title ?? file.name).length)
  function* copies() {
    for (let index = 0; index < cases; index++) {
      const copy = damaged(file.seeds, random)
      yield file.seal && index % 2 === 1
        ? new TextEncoder().encode(file.seal(new TextDecoder().decode(copy)))
        : copy
    }
  }
  return countCases(file, copies())
}

/** Reads a copy for every `step`th single bit of each seed. */
export function flipBits(file: FuzzedFile, step = 1): Promise<FuzzCount> {
  function* copies() {
    for (const seed of file.seeds)
      for (let bit = 0; bit < 8 * seed.length; bit += step) {
        const copy = seed.slice()
        copy[bit >> 3]! ^= 1 << (bit & 7)
        yield copy
      }
  }
  return countCases(file, copies())
}

async function countCases(file: FuzzedFile, copies: Iterable<Uint8Array>): Promise<FuzzCount> {
  const count: FuzzCount = { cases: 0, refused: 0, taken: 0, slowestMs: 0, grownBytes: 0, faults: [] }
  const startBytes = process.memoryUsage.rss()
  const fault = (what: string) => {
    if (count.faults.length < mostFaults) count.faults.push(`case ${count.cases}: ${what}`)
  }
  for (const bytes of copies) {
    const before = process.cpuUsage()
    try {
      await file.read(memoryByteSource(bytes, file.name), bytes)
      count.taken++
    } catch (error) {
      count.refused++
      if (!(error instanceof InputError) || !error.message.includes(file.name))
        fault(error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : String(error))
    }
    const { user, system } = process.cpuUsage(before)
    const spentMs = (user + system) / 1000
    const grownBytes = process.memoryUsage.rss() - startBytes
    if (spentMs > mostMs) fault(`took ${spentMs} ms`)
    if (grownBytes > mostBytes) fault(`took ${grownBytes} bytes`)
    count.slowestMs = Math.max(count.slowestMs, spentMs)
    count.grownBytes = Math.max(count.grownBytes, grownBytes)
    count.cases++
  }
  return count
}

/** Numbers that size something beyond any memory, or are no sizes. */
const numbers = [
  '0',
  '-1',
  '1e999',
  '2147483648',
  '9007199254740993',
  '1000000000000',
  '0.5',
  'null',
  '[]',
  '"x"',
]

/** Values of JSON that stand where others are expected. */
const values = [
  ...numbers,
  '{}',
  '""',
  '[[]]',
  'true',
  'false',
  '{"toString":null}',
  '"__proto__"',
  '"1/0"',
  '"\\ud800"',
]

function damaged(seeds: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (most: number) => Math.floor(random() * most)
  let bytes: Uint8Array = seeds[below(seeds.length)]!.slice()
  for (let change = 0; change <= below(3); change++) {
    const at = below(bytes.length + 1)
    const length = 1 + below(16)
    const rest = bytes.subarray(at)
    switch (below(8)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << below(8)
        break
      case 1:
        if (at < bytes.length) bytes[at] = below(256)
        break
      case 2:
        bytes = joined(bytes.subarray(0, at), rest.subarray(length))
        break
      case 3:
        bytes = joined(bytes.subarray(0, at), rest.subarray(0, length), rest)
        break
      case 4:
        bytes = bytes.slice(0, at)
        break
      case 5: {
        const other = seeds[below(seeds.length)]!
        bytes = joined(bytes.subarray(0, at), other.subarray(below(other.length)))
        break
      }
      case 6:
        bytes = withValue(bytes, at, values[below(values.length)]!)
        break
      default:
        bytes = withNumber(bytes, at, numbers[below(numbers.length)]!)
    }
  }
  return bytes
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Another number in the place of the digits that follow a byte. */
function withNumber(bytes: Uint8Array, at: number, number: string): Uint8Array {
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
  let start = at
  while (start < bytes.length && !isDigit(bytes[start])) start++
  let end = start
  while (isDigit(bytes[end])) end++
  return joined(bytes.subarray(0, start), new TextEncoder().encode(number), bytes.subarray(end))
}

const colon = 0x3a

/** Another value in the place of what follows the next colon, up to where that may end. */
function withValue(bytes: Uint8Array, at: number, value: string): Uint8Array {
  const start = bytes.indexOf(colon, at) + 1
  if (start === 0) return bytes
  const [opening] = String.fromCharCode(bytes[start]!)
  const closing = { '"': '"', '[': ']', '{': '}' }[opening!]
  let end = start + 1
  while (
    end < bytes.length &&
    !(closing ? String.fromCharCode(bytes[end]!) === closing : [0x2c, 0x7d].includes(bytes[end]!))
  )
    end++
  return joined(
    bytes.subarray(0, start),
    new TextEncoder().encode(value),
    bytes.subarray(closing ? end + 1 : end),
  )
}
