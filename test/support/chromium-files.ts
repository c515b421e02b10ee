import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { readTar } from '../../node-runner/adapter/vulkan-driver.ts'
import { cacheFolder, makeFolderAtomic } from '../../node-runner/files/folders.ts'

/** A headless Chromium. */
export interface ChromiumFiles {
  executable: string
  /** Folder of shared libraries that it loads; null where the system has them. */
  libraries: string | null
}

// SwiftShader is the page's adapter; al2023 holds NSS and expat, which a machine without a desktop may lack.
const archives = ['al2023', 'fonts', 'swiftshader']

/**
 * $ENTRACE_TEST_CHROMIUM, else the Chromium of the npm package `@sparticuz/chromium`, unpacked into the cache folder once
 * per version. The package's own unpacking is not used: it takes any file of the right name in the system's temporary
 * folder for the browser.
 */
export function chromiumFiles(): ChromiumFiles {
  const named = process.env.ENTRACE_TEST_CHROMIUM
  if (named) return { executable: named, libraries: null }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `browser test: the Chromium of @sparticuz/chromium runs on Linux on x64, this is ${process.platform} on ${process.arch}; ` +
        'name a Chromium or Chrome of this machine in ENTRACE_TEST_CHROMIUM',
    )
  const packageFolder = findPackageFolder()
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string
  }
  const folder = join(cacheFolder(), `chromium-${version}`)
  makeFolderAtomic(folder, staging => {
    const unpack = (name: string) => brotliDecompressSync(readFileSync(join(packageFolder, 'bin', name)))
    writeFileSync(join(staging, 'chromium'), unpack('chromium.br'), { mode: 0o755 })
    for (const archive of archives)
      for (const file of readTar(unpack(`${archive}.tar.br`)))
        writeFileSync(join(staging, file.name), file.content, { mode: 0o755 })
  })
  return { executable: join(folder, 'chromium'), libraries: folder }
}

function findPackageFolder(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')))
  } catch (error) {
    throw new Error(
      'browser test: the npm package @sparticuz/chromium is not installed; run `npm ci` without --omit=optional',
      { cause: error },
    )
  }
}
