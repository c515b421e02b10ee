import { randomUUID } from 'node:crypto'
import { copyFile, link, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, relative } from 'node:path'

/**
 * Shows a blob under a file's name: by a symbolic link, by a hard one where the system's rules allow no other, or as a
 * copy where the file system knows neither. Other processes may do the same at the same time.
 */
export async function placeFile(blobPath: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const staging = `${path}.${randomUUID()}`
  try {
    await symlink(relative(dirname(path), blobPath), staging)
      .catch(() => link(blobPath, staging))
      .catch(() => copyFile(blobPath, staging))
    await rename(staging, path)
  } catch (error) {
    await rm(staging, { force: true })
    throw error
  }
}
