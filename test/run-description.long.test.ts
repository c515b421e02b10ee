import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readRunDescription } from '../node-runner/run/run-description.ts'
import { fuzzRunDescription } from './support/fuzz-run-description.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('takes 100,000 changed descriptions of a run for one, or refuses them by name', () => {
  const run = readRunDescription('test/golden/run-0.1.0/run.json')!
  const changed = { ...run, unchecked: ['config.json'], problemIds: ['a', 'b'], shard: '1/2' }
  const { read, refused } = fuzzRunDescription(join(folder, 'run.json'), changed, 100_000)
  console.log(`run.json: ${read} changed files read, ${refused} refused by name`)
  expect(read + refused).toBe(100_000)
})
