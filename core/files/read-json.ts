import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { refuseGitLfsPointer } from './git-lfs-pointer.ts'

/** What a JSON text may hold at most, so that parsing it takes neither long nor much memory. */
export interface JsonBounds {
  bytes: number
  /** Lists and objects in each other. */
  depth: number
  values: number
  /** Whether an object that names a key twice is refused; else the last one counts. */
  uniqueKeys?: boolean
}

/** Bounds of the largest files: a tokenizer of a million tokens and merges, an index of a hundred thousand tensors. */
const largeJson: JsonBounds = { bytes: 100_000_000, depth: 64, values: 5_000_000 }

/** Bounds of files of settings, of which none is larger than some ten kB. */
export const settingsJson: JsonBounds = { bytes: 4_000_000, depth: 32, values: 100_000 }

/** Reads a whole JSON file. Throws InputError when it is beyond its bounds, not UTF-8, or not JSON (cut, for instance). */
export async function readJson(source: ByteSource, bounds: JsonBounds = largeJson): Promise<unknown> {
  if (source.byteLength > bounds.bytes)
    throw new InputError(
      `${source.name}: a JSON file of ${source.byteLength} bytes, expected at most ${bounds.bytes}; is it the right file?`,
    )
  return parseJsonBytes(await source.slice(0), source.name, bounds)
}

/** The value of a JSON text in UTF-8; InputError, with `where` in its message, when it is none, or beyond its bounds. */
export function parseJsonBytes(bytes: ArrayBuffer, where: string, bounds: JsonBounds = largeJson): unknown {
  refuseUnbounded(new Uint8Array(bytes), where, bounds)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    refuseGitLfsPointer(bytes, where)
    const reason = error instanceof Error ? error.message : String(error)
    throw new InputError(
      `${where}: expected JSON, found ${bytes.byteLength} bytes that are not (${reason}); ` +
        'the file is damaged or cut, fetch it again',
    )
  }
}

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = [...'"\\,[]{}'].map(sign =>
  sign.charCodeAt(0),
) as [number, number, number, number, number, number, number]

/**
 * Throws InputError for a JSON text that is beyond its bounds, before it is parsed: a parser makes a list of every bracket.
 * Looks at brackets, commas and strings alone; whatever else is wrong with the text is left to the parser.
 */
export function refuseUnbounded(bytes: Uint8Array, where: string, bounds: JsonBounds): void {
  const refuse = (found: string, expected: string): never => {
    throw new InputError(
      `${where}: ${found}, expected ${expected}; the file is damaged or made to harm, fetch it again`,
    )
  }
  const length = bytes.length
  if (length > bounds.bytes) refuse(`${length} bytes of JSON`, `at most ${bounds.bytes}`)
  // Of each list or object around a place the keys so far, null for a list.
  const keys: (Set<string> | null)[] = []
  let depth = 0
  let values = 1
  let isKey = false
  for (let at = 0; at < length; at++) {
    const sign = bytes[at]
    if (sign === quote) {
      const start = at++
      while (at < length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
      if (isKey && bounds.uniqueKeys) {
        const key = textOf(bytes.subarray(start, at + 1))
        const before = keys[depth - 1]
        if (before?.has(key)) refuse(`the key ${key.slice(0, 200)} stands twice in one object`, 'each once')
        before?.add(key)
      }
      isKey = false
    } else if (sign === comma) {
      values++
      isKey = bounds.uniqueKeys === true && keys[depth - 1] != null
    } else if (sign === openList || sign === openObject) {
      if (++depth > bounds.depth)
        refuse(`lists and objects in each other more than ${bounds.depth} deep`, 'fewer')
      values++
      isKey = sign === openObject
      if (bounds.uniqueKeys) keys.push(isKey ? new Set() : null)
    } else if (sign === closeList || sign === closeObject) {
      if (depth > 0) depth--
      if (bounds.uniqueKeys) keys.pop()
    }
    if (values > bounds.values) refuse(`more than ${bounds.values} values`, 'fewer')
  }
}

const decoder = new TextDecoder()

/** A JSON string with its quotes, whatever of its signs are written as escapes; the text as it stands where it is no JSON string. */
function textOf(bytes: Uint8Array): string {
  const text = decoder.decode(bytes)
  if (!text.includes('\\')) return text
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
