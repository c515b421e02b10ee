import { existsSync, lstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isRunFile } from '../../core/formats/run-files.ts'
import { InputError } from '../../core/input-error.ts'

/**
 * Throws InputError for a file that may not be put in the place that was asked for: one takes the place of what has its name, which
 * would remove a link or a device (as /dev/null) from this machine, and a file of a run from its run.
 */
export function refuseOutput(path: string): void {
  if (path === '') throw new InputError('--out: is empty, expected the file to write')
  const entry = lstatSync(path, { throwIfNoEntry: false })
  if (entry && !entry.isFile())
    throw new InputError(
      `${path}: expected a file to write, found a link, a folder or a device, which would be lost; name another file with --out`,
    )
  const name = basename(path)
  if ((isRunFile(name) || /^lease-\d+$/.test(name)) && existsSync(join(dirname(path), 'run.json')))
    throw new InputError(
      `${path}: is a file of the run itself, which would be lost; name another file with --out`,
    )
}
