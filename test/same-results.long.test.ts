import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkOut, decodingCases, differencesOf, earlierCommit, evaluate, thisCode } from './same-results.ts'

const parent = mkdtempSync(join(tmpdir(), 'entrace-same-results-'))
afterAll(() => rmSync(parent, { recursive: true }))
const earlier = checkOut(earlierCommit, parent)
if (!earlier) console.log(`skipped: comparison with ${earlierCommit}, which this clone does not have`)

async function compare(name: string, problems: number): Promise<void> {
  const [before, now] = [join(parent, `${name} ${problems} before`), join(parent, `${name} ${problems} now`)]
  await evaluate(earlier!, before, problems, decodingCases[name]!)
  await evaluate(thisCode, now, problems, decodingCases[name]!)
  expect(differencesOf(before, now)).toEqual([])
  console.log(`${name}: ${problems} of ${problems} problems are the same`)
}

it.skipIf(!earlier).each(['one rank', 'three ranks', 'eight ranks'])(
  'all 104 problems have the bits of the commit before: %s',
  name => compare(name, 104),
)

it.skipIf(!earlier).each(Object.keys(decodingCases))(
  'twelve problems have the bits of the commit before: %s',
  name => compare(name, 12),
)
