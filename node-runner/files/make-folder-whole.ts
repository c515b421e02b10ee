import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Makes a folder unless it is there, so that two processes at once or a kill leave a whole folder or none: `fill` writes
 * its files into another one beside it, which is then renamed. What `fill` throws leaves nothing behind.
 */
export function makeFolderWhole(folder: string, fill: (staging: string) => void): void {
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
