import { InputError } from '../../core/input-error.ts'
import { type FileByteSource, openFileByteSource } from './file-byte-source.ts'

/** Opens a file that somebody named. Throws InputError, which ends with `expected`: what it should be, and what to do. */
export function openNamedFile(path: string, expected: string): Promise<FileByteSource> {
  return openFileByteSource(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof InputError) throw error
    const reason = error.code === 'ENOENT' ? 'no such file' : `cannot be opened (${error.code})`
    throw new InputError(`${path}: ${reason}; ${expected}`, { cause: error })
  })
}
