import { InputError } from '../input-error.ts'

const firstLine = 'version https://git-lfs.github.com/spec/'
/** A pointer is shorter than this by its specification. */
export const mostPointerBytes = 1024

/**
 * Throws InputError where a file's first bytes, or its text, are a Git LFS pointer: what a clone without Git LFS has in the
 * place of a large file. `where` names the file.
 */
export function refuseGitLfsPointer(start: ArrayBuffer | string, where: string): void {
  const text = typeof start === 'string' ? start : new TextDecoder().decode(start.slice(0, mostPointerBytes))
  if (!text.startsWith(firstLine)) return
  const size = /^size (\d+)$/m.exec(text)?.[1]
  throw new InputError(
    `${where}: is a Git LFS pointer, expected the file${size ? ` of ${size} bytes` : ''} that it stands for; ` +
      'run git lfs pull in its folder, or download the file itself',
  )
}
