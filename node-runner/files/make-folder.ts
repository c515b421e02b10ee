import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '../../core/input-error.ts'

/**
 * Makes a folder that a user named, with those above it that are missing; nothing where it is there. Throws InputError where it cannot be
 * made. Node's own recursive `mkdirSync` (seen with 24.21) never ends where the folder above is there and takes none, as in /proc.
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(path)
  if (parent !== path && !existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Another process may have made it meanwhile.
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    throw new InputError(`${path}: cannot be made a folder (${code}); use another --out`)
  }
}
