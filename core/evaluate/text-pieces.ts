import type { ByteSource } from '../files/byte-source.ts'
import { InputError } from '../input-error.ts'

/** Characters that one string holds at most in V8, which has the least of the engines. */
export const maximumTextLength = 2 ** 29 - 24

/** What a packed file may hold: many times what any text does. */
const freeBytes = 2 ** 24
const mostExpansion = 100

/** Bytes that are read at once. */
const pieceBytes = 2 ** 24

/**
 * The text of a file piece by piece, so that no file is too long: UTF-8 without its byte order mark, unpacked where the name ends
 * in .gz. Throws InputError for other bytes.
 */
export async function* readTextPieces(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  function decode(bytes?: Uint8Array): string {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch (error) {
      throw new InputError(
        `${source.name}: expected UTF-8 text, found other bytes. Save the file as UTF-8.`,
        { cause: error },
      )
    }
  }
  const isPacked = /\.gz(?:[?#].*)?$/i.test(source.name)
  for await (const bytes of isPacked ? unpack(source) : readBytes(source)) yield decode(bytes)
  yield decode()
}

/** The whole text of a file. Throws InputError where it is longer than a string may be. */
export async function readWholeText(source: ByteSource, limit: number): Promise<string> {
  const pieces: string[] = []
  let length = 0
  for await (const piece of readTextPieces(source)) {
    length += piece.length
    if (length > limit)
      throw new InputError(
        `${source.name}: expected JSON of at most ${limit} characters in one value, found more in ${source.byteLength} bytes. Write one object a line, as .jsonl, which may be of any length.`,
      )
    pieces.push(piece)
  }
  return pieces.join('')
}

/** The lines of a file, whatever ends them, with their numbers from 1. Throws InputError for one longer than a string may be. */
export async function* readLines(source: ByteSource, limit: number): AsyncGenerator<[number, string]> {
  let number = 0
  let rest = ''
  function* linesOf(text: string): Generator<[number, string]> {
    for (const line of text.replace(/\r$/, '').split('\r')) yield [++number, line]
  }
  for await (const piece of readTextPieces(source)) {
    const [beginning = '', ...others] = piece.split('\n')
    if (rest.length + beginning.length > limit)
      throw new InputError(
        `${source.name}: line ${number + 1}: expected a line of at most ${limit} characters, found a longer one. Check that each line holds one object.`,
      )
    const lines = [rest + beginning, ...others]
    rest = lines.pop() ?? ''
    for (const line of lines) yield* linesOf(line)
  }
  if (rest !== '') yield* linesOf(rest)
}

async function* readBytes(source: ByteSource): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < source.byteLength; start += pieceBytes)
    yield new Uint8Array(await source.slice(start, Math.min(start + pieceBytes, source.byteLength)))
}

async function* unpack(source: ByteSource): AsyncGenerator<Uint8Array> {
  const packed = readBytes(source)
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await packed.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  let unpacked = 0
  const reader = stream.pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      unpacked += value.length
      if (unpacked > freeBytes + mostExpansion * source.byteLength)
        throw new InputError(
          `${source.name}: expected text, which gzip makes a tenth at best, found more than ${unpacked} bytes packed in ${source.byteLength}. Unpack it and look at what it holds.`,
        )
      yield value
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${source.name}: cannot be unpacked: expected gzip to its end, found ${source.byteLength} bytes of which some are not. The file may be cut, or not packed at all; download it again, or take .gz off its name.`,
      { cause: error },
    )
  }
}
