import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  checkOut,
  decodingCases,
  differencesOf,
  earlierCommit,
  evaluate,
  runCheckout,
  thisCode,
} from './same-results.ts'

const parent = mkdtempSync(join(tmpdir(), 'entrace-same-results-'))
afterAll(() => rmSync(parent, { recursive: true }))
const earlier = checkOut(earlierCommit, parent)
if (!earlier) console.log(`skipped: comparison with ${earlierCommit}, which this clone does not have`)

describe.skipIf(!earlier)('this code and that of the commit before', () => {
  // Greedy on one rank; what cases below begin from, too.
  const whole = join(parent, 'whole')
  beforeAll(() => evaluate(earlier!, whole, 4, decodingCases['one rank']!))

  it('compute the same bits: one rank', async () => {
    const now = join(parent, 'whole now')
    await evaluate(thisCode, now, 4, decodingCases['one rank']!)
    expect(differencesOf(whole, now)).toEqual([])
  })

  // The other ways of decoding, and more problems, are in the long tests.
  it.each(['every filter, three ranks', 'beams'])('compute the same bits: %s', async name => {
    const flags = decodingCases[name]!
    const [before, now] = [join(parent, `${name} before`), join(parent, `${name} now`)]
    await Promise.all([evaluate(earlier!, before, 4, flags), evaluate(thisCode, now, 4, flags)])
    expect(differencesOf(before, now)).toEqual([])
  })

  describe('share their runs', () => {
    it('one resumes what the other began', async () => {
      const resumed = join(parent, 'resumed')
      await evaluate(earlier!, resumed, 2, [])
      await evaluate(thisCode, resumed, 4, [])
      expect(differencesOf(whole, resumed)).toEqual([])
    })

    it('one merges shards of both', async () => {
      const shards = [join(parent, 'shard 1'), join(parent, 'shard 2')]
      await evaluate(earlier!, shards[0]!, 4, ['--shard', '1/2'])
      await evaluate(thisCode, shards[1]!, 4, ['--shard', '2/2'])
      const merged = join(parent, 'merged')
      await runCheckout(thisCode, ['merge', ...shards, '--out', merged, '--quiet'])
      expect(differencesOf(whole, merged)).toEqual([])
    })

    it('one analyses and exports what the other wrote', async () => {
      const again = join(parent, 'again')
      cpSync(whole, again, { recursive: true })
      await runCheckout(thisCode, ['analyse', again, '--quiet'])
      expect(differencesOf(whole, again)).toEqual([])
      const exported = await Promise.all(
        [earlier!, thisCode].map(async (code, index) => {
          const out = join(parent, `export ${index}.jsonl`)
          await runCheckout(code, ['export', whole, '--format', 'openai', '--out', out, '--quiet'])
          return readFileSync(out, 'utf8')
        }),
      )
      expect(exported[1]).toBe(exported[0])
    })
  })
})
