import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkOut, decodingCases, differencesOf, earlierCommit, evaluate, thisCode } from './same-results.ts'

const parent = mkdtempSync(join(tmpdir(), 'entrace-same-results-'))
afterAll(() => rmSync(parent, { recursive: true }))
const earlier = checkOut(earlierCommit, parent)
if (!earlier) console.log(`skipped: comparison with ${earlierCommit}, which this clone does not have`)

it.skipIf(!earlier).each(['one rank', 'three ranks', 'eight ranks'])(
  'all 104 problems have the bits of the commit before: %s',
  async name => {
    const [before, now] = [join(parent, `${name} before`), join(parent, `${name} now`)]
    await evaluate(earlier!, before, 104, decodingCases[name]!)
    await evaluate(thisCode, now, 104, decodingCases[name]!)
    expect(differencesOf(before, now)).toEqual([])
    console.log(`${name}: 104 of 104 problems are the same`)
  },
)
