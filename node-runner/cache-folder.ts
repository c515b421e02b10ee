import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The project's own cache folder, made if missing: $ENTRACE_CACHE, else $XDG_CACHE_HOME/entrace, else ~/.cache/entrace. */
export function cacheFolder(...names: string[]): string {
  const root =
    process.env['ENTRACE_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'entrace')
  const folder = join(root, ...names)
  mkdirSync(folder, { recursive: true })
  return folder
}
