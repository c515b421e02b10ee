import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AskedSamples, askedCount, coverageOf, partWarning } from './coverage.ts'

const namesOf = (asked: AskedSamples) =>
  Array.from({ length: asked.limit * asked.samples }, (_, at) => ({
    problemIndex: Math.floor(at / asked.samples),
    sampleIndex: at % asked.samples,
  }))

describe('coverageOf', () => {
  it('counts what is there and what is not, whatever is there, and names the first ten of that', () => {
    const runs = fc.record({
      limit: fc.integer({ min: 1, max: 12 }),
      samples: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(
        runs,
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 1, max: 4 }),
        (run, kept, shards) => {
          const asked = { ...run, shard: `1/${shards}`, problemIds: null }
          const names = namesOf(asked)
          const there = names.filter(() => kept.next().value)
          // Samples beyond what was asked for, as of a run that was longer before, count for nothing.
          const beyond = { problemIndex: run.limit, sampleIndex: 0 }
          const found = coverageOf(asked, [...there, beyond, ...there])
          const missing = names.filter(name => !there.includes(name))
          expect(found).toMatchObject({ samples: there.length, of: names.length })
          expect(found.missing.count).toBe(missing.length)
          expect(found.missing.first).toEqual(
            missing.slice(0, 10).map(name => ({ ...name, problemId: String(name.problemIndex) })),
          )
          expect(found.shard?.of).toBe(names.filter(({ problemIndex }) => problemIndex % shards === 0).length)
          expect(partWarning(found) === null).toBe(missing.length === 0)
        },
      ),
    )
  })

  it('gives each sample to one shard', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 1, max: 9 }), (limit, shards) => {
        const sizes = Array.from({ length: shards }, (_, index) =>
          askedCount({ limit, samples: 2, shard: `${index + 1}/${shards}` }),
        )
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2 * limit)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('needs no more time and memory for a run that claims more samples than there can be', () => {
    const asked = { limit: 1e12, samples: 1000, shard: null, problemIds: undefined }
    const found = coverageOf(asked, [{ problemIndex: 0, sampleIndex: 0 }])
    expect(found.missing).toMatchObject({ count: 1e15 - 1 })
    expect(found.missing.first).toHaveLength(10)
  })
})

describe('partWarning', () => {
  const asked: AskedSamples = { limit: 40, samples: 1, shard: null, problemIds: null }

  it('says 12 of 40, what is missing, and that short answers finish first', () => {
    expect(partWarning(coverageOf(asked, namesOf(asked).slice(28)))).toBe(
      'This is a part of the run: 12 of 40 samples. Missing: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 18 more. ' +
        'Short answers finish first, so what these samples show is not what the whole run would.',
    )
    expect(partWarning(coverageOf(asked, namesOf(asked)))).toBeNull()
    expect(partWarning(undefined)).toBeNull()
  })

  it('tells a shard that is finished from one that is not', () => {
    const shard = { ...asked, shard: '2/8' }
    const own = namesOf(asked).filter(({ problemIndex }) => problemIndex % 8 === 1)
    expect(partWarning(coverageOf(shard, own))).toMatch(
      /^This is a part of the run: 5 of 40 samples, all of shard 2\/8\. Missing: 0, 2, .* and 25 more\. Short answers finish first, but all of this shard have finished;/,
    )
    expect(partWarning(coverageOf(shard, own.slice(0, 3)))).toMatch(
      /: 3 of 40 samples, of shard 2\/8, which has 5 when it is finished\. .* Short answers finish first, so /,
    )
  })

  it('names problems by their ids, cut where they are long, or by their places where no id is known', () => {
    const missing = (problemIds: string[] | undefined) =>
      partWarning(coverageOf({ limit: 3, samples: 2, shard: null, problemIds }, namesOf(asked).slice(1, 2)))
    expect(missing(['gsm-a', 'x'.repeat(50), 'c'])).toContain(
      `Missing: gsm-a (answer 1), gsm-a (answer 2), ${'x'.repeat(39)}… (answer 2), c (answer 1), c (answer 2).`,
    )
    expect(missing(undefined)).toContain(
      'Missing: 0 (answer 1), 0 (answer 2), 1 (answer 2), 2 (answer 1), 2 (answer 2) (by problemIndex, as the run recorded no ids).',
    )
  })
})
