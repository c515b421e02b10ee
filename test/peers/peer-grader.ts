import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../../node-runner/cache-folder.ts'

/** Another library's grader, by its name here, and what it is called in the table. */
export const peers = {
  'math-verify': 'Math-Verify',
  inspect: 'Inspect `math()`',
  minerva: 'lm-eval minerva',
} as const

/** A grader in a process of its own. */
export interface PeerGrader {
  /** Whether it takes the answer for right, and how long the comparison alone took there. */
  grade(answer: string, expected: string): Promise<{ equal: boolean; ms: number }>
  close(): void
}

const inHere = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const python = process.platform === 'win32' ? 'python' : 'python3'

/**
 * The folder of the peers' packages, made by pip in the project's cache on first use (400 MB); where there is no Python from
 * 3.11 on or no registry, the reason in words.
 */
export function peerPackages(): { folder: string } | { missing: string } {
  const version = spawnSync(
    python,
    ['-c', 'import sys; print(sys.version_info[:2] >= (3, 11), *sys.version_info[:2])'],
    {
      encoding: 'utf8',
    },
  )
  if (version.status !== 0) return { missing: `there is no ${python} here` }
  const [isNew, major, minor] = version.stdout.trim().split(' ')
  if (isNew !== 'True') return { missing: `${python} is ${major}.${minor}, and the peers need 3.11 or newer` }
  const requirements = inHere('requirements.txt')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const folder = `${cacheFolder('peers')}/python-${major}.${minor}-${hash}`
  if (existsSync(folder)) return { folder }
  // Installed beside the target and renamed, so that a kill leaves a whole folder or none.
  const staging = mkdtempSync(`${folder}.installing-`)
  console.log(`installing the peers' packages (400 MB) into ${folder}`)
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--target',
    staging,
    '--requirement',
    requirements,
  ]
  const { status, stderr } = spawnSync(python, pip, { encoding: 'utf8' })
  if (status !== 0) {
    rmSync(staging, { recursive: true })
    return { missing: `pip could not install ${requirements}: ${stderr.trim()}` }
  }
  renameSync(staging, folder)
  return { folder }
}

/** Starts a peer and waits until it has imported what it needs. */
export async function openPeer(name: keyof typeof peers, packages: string): Promise<PeerGrader> {
  const child = spawn(python, [inHere('peer-graders.py'), name], {
    env: { ...process.env, PYTHONPATH: packages, PYTHONNOUSERSITE: '1', PYTHONIOENCODING: 'utf-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const reply = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name}: the peer's process ended; its error stands above`)
    return JSON.parse(value)
  }
  await reply()
  return {
    async grade(answer, expected) {
      child.stdin.write(`${JSON.stringify({ answer, expected })}\n`)
      return reply()
    },
    close: () => void child.stdin.end(),
  }
}
