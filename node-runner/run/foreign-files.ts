import { type Dirent, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isRunFile } from '../../core/formats/run-files.ts'
import { InputError } from '../../core/input-error.ts'

/**
 * Names under which a run's folder should have files of the run, and has links, folders or devices. A run may come from
 * anybody, and a link in it would have this machine's other files read or written.
 */
export function foreignFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(isForeign)
      .map(({ name }) => name)
      .sort()
  } catch {
    // No folder: whoever reads it says so.
    return []
  }
}

/** Throws InputError where the folder of a run's file has foreign files. */
export function refuseForeignFilesBeside(path: string): void {
  const folder = dirname(path)
  const names = foreignFiles(folder)
  if (names.length === 0) return
  const shown = names.slice(0, 10).map(name => join(folder, name))
  const others = names.length - shown.length
  throw new InputError(
    `${shown.join(', ')}${others > 0 ? ` and ${others} more` : ''}: expected a file of the run itself, found a link, a folder ` +
      'or a device, which is not followed; put the file in its place (cp -RL copies a folder with what its links name)',
  )
}

/** What is written or held beside the run's files for a while, a folder in the last case. */
const passing = /^(lock|lease-\d+|results\.hold-\d+)$|\.partial(-.*)?$/
const passingFolder = /^results\.partial-/

function isForeign(entry: Dirent): boolean {
  if (passingFolder.test(entry.name)) return !entry.isDirectory()
  return (isRunFile(entry.name) || passing.test(entry.name)) && !entry.isFile()
}
