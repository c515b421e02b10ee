import { readdirSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { join } from 'node:path'
import { swiftshaderFiles } from './swiftshader.ts'

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
  if (swiftshader) process.env['VK_DRIVER_FILES'] ??= swiftshader.driverManifest
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
  return roots.some(root => hasManifest(join(root, 'vulkan/icd.d')))
}

function hasManifest(folder: string): boolean {
  try {
    return readdirSync(folder).some(name => name.endsWith('.json'))
  } catch {
    return false
  }
}

/** Keeps a shared library in the process; a later dlopen of its soname finds it. */
function loadLibrary(path: string): boolean {
  const keepLoaded = 0x1000 // RTLD_NODELETE, which Node does not name: a library that is no addon is closed again otherwise
  try {
    process.dlopen(
      { exports: {} },
      path,
      constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | keepLoaded,
    )
  } catch (error) {
    // "Module did not self-register": it was loaded and is not an addon, as expected.
    return /self-register/.test(String(error))
  }
  return true
}
