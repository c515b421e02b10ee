import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

/**
 * A process that makes the results of what a run's journal holds, and is stopped (SIGSTOP) before it moves a file for the nth time, from
 * 0, as it puts them in place. Says so, and when it is woken how it ended.
 */
const [folder = '', place = ''] = process.argv.slice(2)
const say = (text: string) => fs.writeSync(1, `${text}\n`)
const move = fs.renameSync
let moved = 0
fs.renameSync = (from, to) => {
  if (moved++ === Number(place)) {
    say('stops')
    process.kill(process.pid, 'SIGSTOP')
  }
  move(from, to)
}
// Before the modules are loaded that move files.
syncBuiltinESMExports()
const [{ Journal }, { readRunDescription }, { writeResults }] = await Promise.all([
  import('../../node-runner/run/journal.ts'),
  import('../../node-runner/run/run-description.ts'),
  import('../../node-runner/run/write-results.ts'),
])
const journal = new Journal(join(folder, 'samples.jsonl'), 'read')
try {
  writeResults(folder, readRunDescription(join(folder, 'run.json'))!, [...journal.records()])
  say(`done, ${moved} moved`)
} catch (error) {
  say(String(error))
}
