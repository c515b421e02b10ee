import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../../node-runner/files/folders.ts'

const python = process.platform === 'win32' ? 'python' : 'python3'

/** Other tools' packages, in a folder of the project's cache. */
export interface PeerPackages {
  /** Name or path of the Python that they were installed for. */
  python: string
  /** The environment in which that Python finds them and nothing of the user's own. */
  env: NodeJS.ProcessEnv
  /** The folder they lie in; programs of theirs are in `bin` there. */
  folder: string
}

/**
 * The packages of a requirements file beside this one, which names all of them with their versions; pip installs them on first use
 * into the project's cache. Where there is no Python from 3.11 on or no registry: the reason in words.
 */
export function peerPackages(requirementsName: string): PeerPackages | { missing: string } {
  const version = spawnSync(
    python,
    ['-c', 'import sys; print(sys.version_info[:2] >= (3, 11), *sys.version_info[:2])'],
    { encoding: 'utf8' },
  )
  if (version.status !== 0) return { missing: `there is no ${python} here` }
  const [isNew, major, minor] = version.stdout.trim().split(' ')
  if (isNew !== 'True') return { missing: `${python} is ${major}.${minor}, and the peers need 3.11 or newer` }
  const requirements = fileURLToPath(new URL(requirementsName, import.meta.url))
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const folder = `${cacheFolder('peers')}/python-${major}.${minor}-${hash}`
  const env = { ...process.env, PYTHONPATH: folder, PYTHONNOUSERSITE: '1', PYTHONIOENCODING: 'utf-8' }
  if (existsSync(folder)) return { python, env, folder }
  // Installed beside the target and renamed, so that a kill leaves a whole folder or none.
  const staging = mkdtempSync(`${folder}.installing-`)
  console.log(`installing the packages of ${requirementsName} into ${folder}`)
  const flags = ['--quiet', '--no-deps', '--target', staging, '--requirement', requirements]
  const { status, stderr } = spawnSync(python, ['-m', 'pip', 'install', ...flags], { encoding: 'utf8' })
  if (status !== 0) {
    rmSync(staging, { recursive: true })
    return { missing: `pip could not install ${requirements}: ${stderr.trim()}` }
  }
  renameSync(staging, folder)
  return { python, env, folder }
}
