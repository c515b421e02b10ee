import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { cacheFolder } from '../cache-folder.ts'
import { makeFolderWhole } from '../files/make-folder-whole.ts'
import { readTar } from './read-tar.ts'

/** Files of a CPU adapter: a Vulkan driver manifest and the Vulkan loader that reads it. */
export interface CpuAdapterFiles {
  driverManifest: string
  loader: string
}

/**
 * Unpacks SwiftShader and its Vulkan loader from the npm package `@sparticuz/chromium` into the cache folder, once per
 * version; null where that optional package is not installed or this is not Linux on x64 (which is all it carries).
 */
export function swiftshaderFiles(): CpuAdapterFiles | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  const packageFolder = findPackage('@sparticuz/chromium')
  if (!packageFolder) return null
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string
  }
  const folder = join(cacheFolder(), `swiftshader-${version}`)
  makeFolderWhole(folder, staging => {
    const archive = brotliDecompressSync(readFileSync(join(packageFolder, 'bin', 'swiftshader.tar.br')))
    for (const file of readTar(archive))
      writeFileSync(join(staging, file.name), file.content, { mode: 0o755 })
  })
  return { driverManifest: join(folder, 'vk_swiftshader_icd.json'), loader: join(folder, 'libvulkan.so.1') }
}

function findPackage(name: string): string | null {
  const require = createRequire(import.meta.url)
  for (const folder of require.resolve.paths(name) ?? []) {
    const candidate = join(folder, name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
  }
  return null
}
