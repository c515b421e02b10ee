import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { flipBits, fuzz } from './support/fuzz.ts'
import { fuzzedFiles, fuzzedRunFiles } from './support/fuzzed-files.ts'
import { fuzzedRunTexts } from './support/fuzzed-run-texts.ts'

const cases = 100_000

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
// The page's worker tells how far it has read.
vi.stubGlobal('self', { postMessage() {} })

describe('damaged input is taken or refused by name, in little time and memory', () => {
  it.each(fuzzedFiles.map(file => [file.name, file] as const))('%s', async (name, file) => {
    const count = await fuzz(file, cases)
    console.log(name, JSON.stringify(count))
    expect(count).toMatchObject({ cases, faults: [] })
  })

  it.each(fuzzedRunTexts(folder).map(file => [file.title ?? file.name, file] as const))(
    '%s',
    async (title, file) => {
      const count = await fuzz(file, cases)
      console.log(title, JSON.stringify(count))
      expect(count).toMatchObject({ cases, faults: [] })
    },
    7_200_000,
  )

  it.each(fuzzedRunFiles().map(file => [file.name, file] as const))(
    'every bit of %s',
    async (name, file) => {
      const count = await flipBits(file)
      console.log(name, 'single bits', JSON.stringify(count))
      expect(count.faults).toEqual([])
    },
    7_200_000,
  )
})
