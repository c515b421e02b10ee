import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, say } from './say.mjs'

/**
 * Prepares `runs/demo` and returns what to call with the exit code of the run. A finished demo is removed, so that the
 * job runs again; an interrupted one with the same flags stays, so that it resumes. A folder of anyone else's is left alone.
 */
export function prepareDemoFolder(root, flags) {
  const folder = join(root, 'runs', 'demo')
  const recordPath = join(root, 'runs', '.demo.json')
  const record = readRecord(recordPath)
  if (existsSync(folder)) {
    if (!record)
      throw new SetupError(`${folder} is not of "npm run demo"; move it elsewhere, the demo writes there`, 2)
    if (!record.finished && record.flags.join('\n') === flags.join('\n'))
      say('resuming the demo in runs/demo')
    else rmSync(folder, { recursive: true })
  }
  mkdirSync(join(root, 'runs'), { recursive: true })
  const write = finished => writeFileSync(recordPath, JSON.stringify({ flags, finished }))
  write(false)
  // 2: what is there cannot be resumed, by a newer version perhaps; the next demo starts afresh.
  return exitCode => write(exitCode === 0 || exitCode === 2)
}

function readRecord(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
