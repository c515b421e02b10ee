import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, homedir } from 'node:os'
import { basename, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { orNull } from '../files/file-errors.ts'
import { cacheFolder, makeFolderAtomic } from '../files/folders.ts'

/**
 * Makes sure that Dawn finds a Vulkan loader when it asks for `libvulkan.so.1`: the system's, else the one that the CPU
 * adapter carries, which finds the system's GPU drivers just as well. Returns false when there is none.
 */
export function ensureVulkanLoader(): boolean {
  if (process.platform !== 'linux') return true
  const carried = swiftshaderFiles()?.loader
  return loadLibrary('libvulkan.so.1') || (carried !== undefined && loadLibrary(carried))
}

/**
 * Makes SwiftShader the only Vulkan driver, for an adapter on the processor. A driver list that the user set wins, as
 * does a system driver where SwiftShader is not to be had.
 */
export function useCpuDriver(): void {
  const swiftshader = swiftshaderFiles()
  if (swiftshader) process.env['VK_DRIVER_FILES'] ||= swiftshader.driverManifest
}

/**
 * Whether any Vulkan driver is installed or named by the environment, by the loader's search rules
 * (Vulkan-Loader, docs/LoaderDriverInterface.md). Asking first keeps Dawn from printing a warning where there is none.
 */
export function hasVulkanDriver(): boolean {
  if (process.platform !== 'linux') return true
  const env = process.env
  if (env['VK_DRIVER_FILES'] || env['VK_ICD_FILENAMES'] || env['VK_ADD_DRIVER_FILES']) return true
  const home = homedir()
  const roots = [
    env['XDG_CONFIG_HOME'] ?? join(home, '.config'),
    ...(env['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':'),
    '/etc',
    '/usr/local/etc',
    env['XDG_DATA_HOME'] ?? join(home, '.local/share'),
    ...(env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(':'),
  ]
  const namesIn = (root: string) => orNull(() => readdirSync(join(root, 'vulkan/icd.d'))) ?? []
  return roots.flatMap(namesIn).some(name => name.endsWith('.json'))
}

/** Keeps a shared library in the process; a later dlopen of its soname finds it. */
function loadLibrary(path: string): boolean {
  const keepLoaded = 0x1000 // RTLD_NODELETE, which Node does not name: a library that is no addon is closed again otherwise
  try {
    const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_GLOBAL | keepLoaded)
  } catch (error) {
    // "Module did not self-register": it was loaded and is not an addon, as expected.
    return /self-register/.test(String(error))
  }
  return true
}

/**
 * Unpacks SwiftShader's driver manifest and its Vulkan loader from the npm package `@sparticuz/chromium` into the cache folder, once per
 * version; null where that optional package is not installed or this is not Linux on x64 (which is all it carries).
 */
export function swiftshaderFiles() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  const packageFolder = findPackage('@sparticuz/chromium')
  if (!packageFolder) return null
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  const folder = join(cacheFolder(), `swiftshader-${version}`)
  makeFolderAtomic(folder, staging => {
    const archive = brotliDecompressSync(readFileSync(join(packageFolder, 'bin', 'swiftshader.tar.br')))
    for (const file of readTar(archive))
      writeFileSync(join(staging, file.name), file.content, { mode: 0o755 })
  })
  return { driverManifest: join(folder, 'vk_swiftshader_icd.json'), loader: join(folder, 'libvulkan.so.1') }
}

function findPackage(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  return folders.map(folder => join(folder, name)).find(path => existsSync(join(path, 'package.json')))
}

/** Regular files of a ustar archive (POSIX.1-1988), flattened to their base names. Throws when the archive is cut. */
export function* readTar(archive: Uint8Array) {
  const blockBytes = 512
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).replace(/\0.*$/s, '')
  for (let at = 0; at + blockBytes <= archive.length && archive[at] !== 0; ) {
    const sizeBytes = Number.parseInt(text(at + 124, 12), 8)
    const start = at + blockBytes
    if (!(start + sizeBytes <= archive.length))
      throw new Error(`tar: ${text(at, 100)} is cut: expected ${sizeBytes} bytes`)
    const type = text(at + 156, 1)
    if (type === '0' || type === '')
      yield { name: basename(text(at, 100)), content: archive.subarray(start, start + sizeBytes) }
    at = start + Math.ceil(sizeBytes / blockBytes) * blockBytes
  }
}
