import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { refuseGitLfsPointer } from './git-lfs-pointer.ts'

const maximumBytes = 100_000_000

/** Reads a whole JSON file. Throws InputError when it is over 100 MB, not UTF-8, or not JSON (cut, for instance). */
export async function readJson(source: ByteSource): Promise<unknown> {
  if (source.byteLength > maximumBytes)
    throw new InputError(
      `${source.name}: a JSON file of ${source.byteLength} bytes, expected at most ${maximumBytes}; is it the right file?`,
    )
  return parseJsonBytes(await source.slice(0), source.name)
}

/** The value of a JSON text in UTF-8; InputError, with `where` in its message, when it is none. */
export function parseJsonBytes(bytes: ArrayBuffer, where: string): unknown {
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
