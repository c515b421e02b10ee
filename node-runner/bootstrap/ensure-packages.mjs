import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runNpm } from './run-npm.mjs'
import { say } from './say.mjs'

/** Installs the packages of the lockfile with `npm ci`, unless they are installed already. */
export async function ensurePackages(root, node) {
  if (isInstalled(root)) return
  const release = await lock(root)
  try {
    // Another process may have installed them while this one waited.
    if (isInstalled(root)) return
    say('installing the locked packages (npm ci)')
    const args = ['ci', '--prefix', root, '--include=dev', '--include=optional']
    await runNpm(node, args, 'installing the packages')
    say(
      'WebGPU adapter: a hardware GPU if Dawn sees one, else lavapipe from Mesa 25 on, else the CPU adapter of @sparticuz/chromium; ' +
        '"npm run entrace -- doctor" shows which',
    )
  } finally {
    release()
  }
}

/** Whether node_modules holds what the lockfile says, by the record that npm leaves there when it has finished. */
export function isInstalled(root) {
  const locked = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!locked || !installed) return false
  const same = path => installed[path]?.version === locked[path]?.version
  return (
    Object.keys(installed).every(same) &&
    Object.keys(locked).every(path => path === '' || isOptional(locked[path]) || same(path))
  )
}

/** A package that another platform needs may be missing. */
function isOptional(entry) {
  return entry.optional === true || entry.devOptional === true
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return null
  }
}

/** Waits until no other process installs into this checkout. Returns what lets the next one in. */
async function lock(root) {
  const path = join(root, '.cache', 'installing')
  mkdirSync(join(root, '.cache'), { recursive: true })
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isRunning(Number(readFileSync(path, 'utf8')))) rmSync(path, { force: true })
    else if (!waited) say('waiting for another process that is installing the packages')
    await setTimeout(500)
  }
}

function isRunning(processId) {
  try {
    return process.kill(processId, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}
