import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { swiftshaderFiles } from '../../node-runner/adapter/vulkan-driver.ts'
import { cacheFolder, makeFolderAtomic } from '../../node-runner/files/folders.ts'

/** SwiftShader's device UUID: this text, whose last letter tells the copies apart. */
const uuid = 'SwiftShaderUUID'

/**
 * Makes CPU adapters of one and the same name, as equal GPUs would look: copies of SwiftShader, each a Vulkan driver with
 * a device UUID of its own, kept in the cache folder. Returns the value of VK_DRIVER_FILES that installs them in a child
 * process (Vulkan reads it natively, when it is first used); null where there is no SwiftShader.
 */
export function eightAdapters(count = 8): string | null {
  const original = swiftshaderFiles()
  if (!original) return null
  const sourceFolder = dirname(original.driverManifest)
  const folder = `${cacheFolder()}/test-adapters-${count}-of-${sourceFolder.split('/').at(-1)}`
  const manifest = JSON.parse(readFileSync(original.driverManifest, 'utf8')) as {
    ICD: { library_path: string }
  }
  const library = readFileSync(resolve(sourceFolder, manifest.ICD.library_path))
  const names = Array.from({ length: count }, (_, i) => `adapter-${i}`)
  makeFolderAtomic(folder, staging => {
    names.forEach((name, i) => {
      writeFileSync(join(staging, `${name}.so`), withUuid(library, String.fromCharCode(0x61 + i)))
      const ICD = { ...manifest.ICD, library_path: `./${name}.so` }
      writeFileSync(join(staging, `${name}.json`), JSON.stringify({ ...manifest, ICD }))
    })
  })
  return names.map(name => join(folder, `${name}.json`)).join(':')
}

function withUuid(library: Uint8Array, lastLetter: string): Uint8Array {
  const copy = Buffer.from(library)
  let at = copy.indexOf(uuid)
  if (at < 0) throw new Error(`SwiftShader: no device UUID "${uuid}" in its library; the package has changed`)
  for (; at >= 0; at = copy.indexOf(uuid, at + 1)) copy.write(lastLetter, at + uuid.length - 1)
  return copy
}
