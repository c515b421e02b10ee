import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder, makeFolderAtomic } from '../files/folders.ts'

/** What the build of the page reads in a checkout. */
const sources = [
  'web/**/*',
  'core/**/*.ts',
  'kernels/**/*',
  'models/arith-qwen2/*',
  'packaging/*',
  'vite.web.config.ts',
  'package-lock.json',
]

/**
 * Folder of the built page: the package's own; in a checkout one in the cache, built unless these sources were built
 * before. `say` is told before a build, which takes seconds.
 */
export function pageFolder(say: (text: string) => void): string {
  // In the package, this file lies in dist/node-runner/view.
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  if (!existsSync(join(root, 'web/main.ts'))) return join(root, 'web')
  const folder = join(cacheFolder('page'), digestOf(root))
  if (!existsSync(folder)) {
    say('building the page of the viewer from its sources')
    const vite = createRequire(import.meta.url).resolve('vite/package.json')
    makeFolderAtomic(folder, staging => {
      const flags = ['--config', join(root, 'vite.web.config.ts'), '--outDir', staging]
      const script = join(dirname(vite), 'bin/vite.js')
      execFileSync(process.execPath, [script, 'build', ...flags], { cwd: root, stdio: ['ignore', 2, 2] })
    })
  }
  return folder
}

function digestOf(root: string): string {
  const hash = createHash('sha256')
  for (const path of globSync(sources, { cwd: root, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort())
    hash.update(path).update('\0').update(readFileSync(path))
  return hash.digest('hex').slice(0, 16)
}
