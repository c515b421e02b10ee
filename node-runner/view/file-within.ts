import { lstat, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/**
 * The file that an address names below a folder, as a real path; null where there is none, or where it lies outside of
 * the folder: by `..`, by an encoded separator, or by a link out of it. A name with a leading dot is nobody's business.
 */
export async function fileWithin(folder: string, address: string): Promise<string | null> {
  let names: string[]
  try {
    names = address.split('/').map(decodeURIComponent)
  } catch {
    return null
  }
  if (names.some(name => name === '' || name.startsWith('.') || /[/\\\0:]/.test(name))) return null
  try {
    const root = await realpath(folder)
    const path = await realpath(join(root, ...names))
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return null
    return (await lstat(path)).isFile() ? path : null
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'].includes(code)) return null
    throw error
  }
}
