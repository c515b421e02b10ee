import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { type ChromiumFiles, chromiumFiles } from '../support/chromium-files.ts'

// SwiftShader is no adapter that Chromium offers to pages by itself. Chromium's own sandbox wants rights that a container
// may not give; the pages are this project's. The others keep the browser from calling its maker's servers.
const flags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
]

/** How long a test waits for what a page does: against what hangs alone, as a machine may have much else to do. */
export const patienceMs = 240_000

/** Starts a headless Chromium with a fresh profile and SwiftShader as adapter. Throws with what it printed. */
export async function launchChromium(files: ChromiumFiles = chromiumFiles()): Promise<Browser> {
  const { executable, libraries } = files
  const libraryPath = libraries ?? process.env.LD_LIBRARY_PATH
  const fonts = fileURLToPath(new URL('fonts.conf', import.meta.url))
  const env = { ...process.env, FONTCONFIG_FILE: fonts, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) }
  try {
    return await chromium.launch({ executablePath: executable, args: flags, env, timeout: patienceMs })
  } catch (error) {
    throw new Error(
      `browser test: ${executable} did not start; install the library that it lacks, or name another Chromium in ` +
        `ENTRACE_TEST_CHROMIUM: ${(error as Error).message}`,
      { cause: error },
    )
  }
}
