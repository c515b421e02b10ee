import { constants, crc32, deflateRawSync } from 'node:zlib'
import { InputError } from '../../core/input-error.ts'

/** A file of a ZIP archive. */
export interface ZipEntry {
  name: string
  /** Its text. */
  pieces: Iterable<string>
}

/**
 * The bytes of a ZIP archive with deflate, piece by piece (PKWARE's APPNOTE 6.3.10): sizes behind each file (4.3.9), names in UTF-8, no
 * times; ZIP64 (4.3.14) where there are more files or bytes than 16 and 32 bits count. Throws InputError for a name that is too
 * long, or a file of 4 GiB or more. Packages that do this hold the whole archive, end at 65,535 files, or refuse names.
 */
export function* zipPieces(entries: Iterable<ZipEntry>): Generator<Uint8Array> {
  // Few large writes in the place of three small ones for each file.
  for (const { held } of blocksOf(recordsOf(entries))) yield Buffer.concat(held)
}

/** Text is compressed so many characters at a time, each time from nothing: a file may be larger than memory. */
const blockLength = 2 ** 20

function* recordsOf(entries: Iterable<ZipEntry>): Generator<Uint8Array> {
  const written: WrittenFile[] = []
  let offset = 0
  const count = (bytes: Buffer) => {
    offset += bytes.length
    return bytes
  }
  for (const { name, pieces } of entries) {
    const file: WrittenFile = { name, start: offset, crc: 0, compressed: 0, size: 0 }
    yield count(localHeader(name))
    for (const { held, isLast } of blocksOf(pieces)) {
      const bytes = Buffer.from(held.join(''))
      const block = deflateRawSync(bytes, {
        finishFlush: isLast ? constants.Z_FINISH : constants.Z_FULL_FLUSH,
      })
      file.crc = crc32(bytes, file.crc)
      file.compressed += block.length
      file.size += bytes.length
      yield count(block)
    }
    if (file.size >= most32)
      throw new InputError(
        `${name}: has ${file.size} bytes, expected fewer than ${most32}; export the run in parts`,
      )
    yield count(pack('IIII', 0x08074b50, file.crc, file.compressed, file.size))
    written.push(file)
  }
  const start = offset
  for (const file of written) yield count(directoryEntry(file))
  yield directoryEnd(written.length, offset - start, start)
}

interface WrittenFile {
  name: string
  /** Where it begins in the archive. */
  start: number
  /** CRC-32 of the text. */
  crc: number
  /** Bytes as compressed, and before. */
  compressed: number
  size: number
}

/** Pieces put together, as many as make a block or are left. */
function* blocksOf<Piece extends string | Uint8Array>(pieces: Iterable<Piece>) {
  let held: Piece[] = []
  let length = 0
  for (const piece of pieces) {
    held.push(piece)
    length += piece.length
    if (length < blockLength) continue
    yield { held, isLast: false }
    held = []
    length = 0
  }
  yield { held, isLast: true }
}

const most16 = 0xffff
const most32 = 0xffff_ffff
/** Sizes follow the file; the name is UTF-8 (4.4.4). */
const flags = 0x0808
const deflate = 8
/** The versions of the format that are needed for deflate, and for ZIP64. */
const [plainVersion, wideVersion] = [20, 45]
/** 1 January 1980, midnight, the first moment that the format knows. */
const noTime = 0x0021_0000

function localHeader(name: string): Buffer {
  const bytes = Buffer.from(name)
  if (bytes.length > most16)
    throw new InputError(
      `${name.slice(0, 100)}...: has ${bytes.length} bytes, expected at most ${most16} in a ZIP archive; shorten the id of the problem`,
    )
  const named = [0x04034b50, plainVersion, flags, deflate, noTime, 0, 0, 0, bytes.length, 0]
  const header = pack('IHHHIIIIHH', ...named)
  return Buffer.concat([header, bytes])
}

function directoryEntry({ name, start, crc, compressed, size }: WrittenFile): Buffer {
  const bytes = Buffer.from(name)
  const wide = start < most32 ? Buffer.alloc(0) : pack('HHQ', 1, 8, start)
  const header = pack(
    'IHHHHIIIIHHHHHII',
    ...[0x02014b50, wideVersion, wideVersion, flags, deflate, noTime, crc, compressed, size],
    // No comment, the first disk, no attributes.
    ...[bytes.length, wide.length, 0, 0, 0, 0, Math.min(start, most32)],
  )
  return Buffer.concat([header, bytes, wide])
}

function directoryEnd(files: number, length: number, start: number): Buffer {
  const isWide = files >= most16 || length >= most32 || start >= most32
  const wide = () =>
    Buffer.concat([
      pack('IQHHIIQQQQ', 0x06064b50, 44, wideVersion, wideVersion, 0, 0, files, files, length, start),
      // Where that is, on the one disk that there is.
      pack('IIQI', 0x07064b50, 0, start + length, 1),
    ])
  const counted = Math.min(files, most16)
  const end = [0x06054b50, 0, 0, counted, counted, Math.min(length, most32), Math.min(start, most32), 0]
  return Buffer.concat([...(isWide ? [wide()] : []), pack('IHHHHIIH', ...end)])
}

const byteLengths = { H: 2, I: 4, Q: 8 } as const

/** Numbers as bytes, the lowest first; in the format 2 bytes are H, 4 are I and 8 are Q, as in Python's struct. */
function pack(format: string, ...values: readonly number[]): Buffer {
  const letters = [...format] as (keyof typeof byteLengths)[]
  const buffer = Buffer.alloc(letters.reduce((total, letter) => total + byteLengths[letter], 0))
  let at = 0
  for (const [index, letter] of letters.entries()) {
    if (letter === 'Q') buffer.writeBigUInt64LE(BigInt(values[index]!), at)
    else buffer.writeUIntLE(values[index]!, at, byteLengths[letter])
    at += byteLengths[letter]
  }
  return buffer
}
