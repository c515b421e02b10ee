import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { holdResults } from '../../node-runner/run/staged-results.ts'

/** A process that takes a folder's hold many times, and fails where another one is in there with it. */
const [folder = '', times = ''] = process.argv.slice(2)
const inside = join(folder, 'inside')
for (let time = 0; time < Number(times); time++)
  holdResults(folder, '', () => {
    // Fails where the file of another is there.
    writeFileSync(inside, '', { flag: 'wx' })
    rmSync(inside)
  })
