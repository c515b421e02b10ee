import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
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

/**
 * Makes a folder unless it is there, so that two processes at once or a kill leave a whole folder or none: `fill` writes
 * its files into another one beside it, which is then renamed. What `fill` throws leaves nothing behind.
 */
export function makeFolderAtomic(folder: string, fill: (staging: string) => void): void {
  if (existsSync(folder)) return
  const staging = mkdtempSync(join(dirname(folder), 'making-'))
  try {
    fill(staging)
    renameSync(staging, folder)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    // Another process was faster, and what it made is whole.
    if (!existsSync(folder)) throw error
  }
}

/** The project's own cache folder, made if missing: $ENTRACE_CACHE, else $XDG_CACHE_HOME/entrace, else ~/.cache/entrace. */
export function cacheFolder(...names: string[]): string {
  const root =
    process.env['ENTRACE_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'entrace')
  const folder = join(root, ...names)
  mkdirSync(folder, { recursive: true })
  return folder
}
