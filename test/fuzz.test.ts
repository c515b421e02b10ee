import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { flipBits, fuzz } from './support/fuzz.ts'
import { dataSetsAsParquet, fuzzedFiles, fuzzedRunFiles } from './support/fuzzed-files.ts'
import { fuzzedRunTexts } from './support/fuzzed-run-texts.ts'
import { memoryByteSource } from './support/memory-byte-source.ts'

const cases = 1500
/** Of the files of a run, which are written to disk each time. */
const runCases = 500
/** Of the files of a run every so many bits: all of them take minutes. */
const step = 61

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
// The page's worker tells how far it has read.
vi.stubGlobal('self', { postMessage() {} })

describe('damaged input is taken or refused by name, in little time and memory', () => {
  it.each(fuzzedFiles.map(file => [file.name, file] as const))('%s', async (name, file) => {
    for (const seed of file.seeds) await file.read(memoryByteSource(seed, name), seed)
    const count = await fuzz(file, cases)
    console.log(name, JSON.stringify(count))
    expect(count).toMatchObject({ cases, faults: [] })
    expect(count.refused).toBeGreaterThan(cases / 10)
  })

  it.each(fuzzedRunTexts(folder).map(file => [file.title ?? file.name, file] as const))(
    '%s',
    async (title, file) => {
      const count = await fuzz(file, runCases)
      console.log(title, JSON.stringify(count))
      expect(count).toMatchObject({ cases: runCases, faults: [] })
      expect(Math.min(count.refused, count.taken)).toBeGreaterThan(0)
    },
  )

  it('every bit of a small data set in Parquet', async () => {
    const file = { ...fuzzedFiles.find(({ name }) => name === 'set.parquet')!, seeds: dataSetsAsParquet() }
    const count = await flipBits(file)
    console.log('set.parquet, single bits', JSON.stringify(count))
    expect(count.faults).toEqual([])
    expect(count.refused).toBeGreaterThan(1000)
  })

  it.each(fuzzedRunFiles().map(file => [file.name, file] as const))('bits of %s', async (name, file) => {
    const count = await flipBits(file, step)
    console.log(name, 'single bits', JSON.stringify(count))
    expect(count.faults).toEqual([])
    expect(count.refused).toBeGreaterThan(100)
  })
})
