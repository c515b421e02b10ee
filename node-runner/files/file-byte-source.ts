import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ByteSource } from '../../core/files/byte-source.ts'
import { InputError } from '../../core/input-error.ts'
import { nullWhenMissing } from './file-errors.ts'

/** A ByteSource over a file that stays open until it is closed. */
export interface FileByteSource extends ByteSource {
  close(): Promise<void>
}

// One read call of the system transfers less than 2 GiB.
const maximumReadBytes = 2 ** 30

/** Opens a file for ranged reads. Rejects with Node's error (`code` "ENOENT") when there is none, InputError for what is no file. */
export async function openFileByteSource(path: string): Promise<FileByteSource> {
  // To open a pipe would wait for whoever writes to it; of a file the flag changes nothing.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const stats = await file.stat()
  if (!stats.isFile()) {
    await file.close()
    throw new InputError(`${path}: expected a file, found a folder, a pipe or a device; check the path`)
  }
  const byteLength = stats.size
  return {
    name: path,
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength))
        throw new RangeError(`${path}: bytes [${start}, ${end}) are not within its ${byteLength} bytes`)
      const bytes = new Uint8Array(end - start)
      for (let done = 0; done < bytes.length; ) {
        const length = Math.min(bytes.length - done, maximumReadBytes)
        const { bytesRead } = await file.read(bytes, done, length, start + done)
        if (bytesRead === 0)
          throw new InputError(
            `${path}: ended at byte ${start + done}, expected ${byteLength} bytes; it was cut while being read`,
          )
        done += bytesRead
      }
      return bytes.buffer
    },
    close: () => file.close(),
  }
}

/** Opens a file that somebody named. Throws InputError, which ends with `expected`: what it should be, and what to do. */
export function openNamedFile(path: string, expected: string): Promise<FileByteSource> {
  return openFileByteSource(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof InputError) throw error
    const reason = error.code === 'ENOENT' ? 'no such file' : `cannot be opened (${error.code})`
    throw new InputError(`${path}: ${reason}; ${expected}`, { cause: error })
  })
}

/** Opens a file; null where there is none. Throws InputError for one that cannot be opened. */
export function openIfThere(path: string): Promise<FileByteSource | null> {
  return openFileByteSource(path)
    .catch(nullWhenMissing)
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === undefined) throw error
      throw new InputError(
        `${path}: cannot be opened (${error.code}), expected a file to read; check its permissions`,
        {
          cause: error,
        },
      )
    })
}

/** What `read` makes of a file, which is closed then; null for one that cannot be opened. */
export async function readIfOpens<T>(
  path: string,
  read: (source: FileByteSource) => Promise<T>,
): Promise<T | null> {
  const source = await openFileByteSource(path).catch(() => null)
  try {
    return source && (await read(source))
  } finally {
    await source?.close()
  }
}
