import { describe, expect, it } from 'vitest'
import { flipBits, fuzz } from './support/fuzz.ts'
import { fuzzedFiles, fuzzedRunFiles } from './support/fuzzed-files.ts'

const cases = 100_000

describe('damaged input is taken or refused by name, in little time and memory', () => {
  it.each(fuzzedFiles.map(file => [file.name, file] as const))('%s', async (name, file) => {
    const count = await fuzz(file, cases)
    console.log(name, JSON.stringify(count))
    expect(count).toMatchObject({ cases, faults: [] })
  })

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
