import {
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'

import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'

import { afterAll, describe, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { encodeIndexLine, type JournalIndexLine, journalIndexName } from '../../core/record/journal-index.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { Journal } from './journal.ts'
import { type FileWriter, journalPaths } from './journal-files.ts'
import { sha256Of } from './read-run-files.ts'
import { LeaseLostError } from './run-lease.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
/** A path in a folder of its own, as each journal has, with its index. */
function newPath(): string {
  const own = join(folder, `${files++}`)
  mkdirSync(own)
  return join(own, 'samples.jsonl')
}

function sample(problemIndex: number, sampleIndex = 0, generatedText = 'é½\n"text"'): SampleRecord {
  return {
    problemId: `problem ${problemIndex}`,
    problemIndex,
    sampleIndex,
    problem: '1 + 1?',
    prompt: '1 + 1?',
    generatedText,
    extractedAnswer: '2',
    expectedAnswer: '2',
    correct: true,
    rule: 'boxed',
    finishReason: 'stop',
    error: null,
    promptTokens: 4,
    generatedTokens: 0,
    meanEntropyNats: null,
    maxEntropyNats: null,
    sumLogprob: null,
    metadata: { level: 3 },
    durationMs: 12.5,
    tokens: [],
  }
}

/** Who may append, as a lease says it. */
function ownerOf(number: number, ownsJournal: boolean, check = vi.fn()) {
  return { number, ownsJournal, check }
}

/** Opens a journal, uses it and closes it. */
function withJournal<T>(path: string, access: 'read' | 'append', use: (journal: Journal) => T): T {
  const journal = new Journal(path, access)
  try {
    return use(journal)
  } finally {
    journal.close()
  }
}

function write(path: string, samples: SampleRecord[]): void {
  withJournal(path, 'append', journal => {
    for (const record of samples) journal.append(record)
  })
}

const read = (path: string) => withJournal(path, 'read', journal => [...journal.records()])

describe('Journal', () => {
  it('gives back what it was given, in the order of the data set', () => {
    const path = newPath()
    const samples = [sample(2), sample(0, 1), sample(10), sample(0, 0)]
    write(path, samples)
    expect(read(path)).toEqual([samples[3], samples[1], samples[0], samples[2]])
    withJournal(path, 'read', journal => {
      expect([...journal.records(2)]).toEqual([samples[3], samples[1]])
      expect(journal.size).toBe(4)
      expect([journal.has(sample(10)), journal.has(sample(1))]).toEqual([true, false])
    })
    expect(readFileSync(path, 'utf8').startsWith('{"formatVersion":"1.0"')).toBe(true)
  })

  it('keeps a sample once, and the first of a repeated one', () => {
    const path = newPath()
    write(path, [sample(1, 0, 'first'), sample(1, 0, 'second')])
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2)
    const line = JSON.stringify({ formatVersion: '1.0', ...sample(1, 0, 'third') })
    writeFileSync(path, `${line}\n`, { flag: 'a' })
    write(path, [sample(1, 0, 'fourth')])
    expect(read(path).map(record => record.generatedText)).toEqual(['first'])
  })

  it('recovers the whole lines of any prefix of its bytes, and goes on after them', () => {
    const path = newPath()
    const samples = [sample(0), sample(1, 0, '𝄞'.repeat(40)), sample(2), sample(3)]
    write(path, samples)
    const bytes = readFileSync(path)
    const cut = newPath()
    fc.assert(
      fc.property(fc.nat(bytes.length), length => {
        const prefix = bytes.subarray(0, length)
        const whole = prefix.filter(byte => byte === 0x0a).length
        writeFileSync(cut, prefix)
        expect(read(cut)).toEqual(samples.slice(0, whole))
        expect(readFileSync(cut).equals(prefix), 'reading leaves the file as it is').toBe(true)
        write(cut, samples)
        expect(readFileSync(cut).equals(bytes), 'appending what is missing makes the same file').toBe(true)
      }),
      { numRuns: 150, examples: [[0], [bytes.length - 1], [bytes.length]] },
    )
  })

  it('reads lines longer than a chunk of reading, and lines that meet its edges', () => {
    const chunk = 2 ** 20
    const path = newPath()
    const overhead = Buffer.byteLength(`${JSON.stringify({ formatVersion: '1.0', ...sample(0, 0, '') })}\n`)
    const lengths = [chunk - overhead, chunk - overhead - 1, 1, 3 * chunk, 5]
    const samples = lengths.map((length, index) => sample(index, 0, 'x'.repeat(length)))
    write(path, samples)
    expect(read(path)).toEqual(samples)
  })

  it.each([
    ['text that is no JSON', '{"formatVersion":"1.0"', /line 2: is not JSON/],
    ['an empty line', '', /line 2: is not JSON/],
    ['null', 'null', /line 2: format version undefined/],
    ['a newer version', '{"formatVersion":"2.0"}', /line 2: format version "2\.0", expected 1\.x/],
    ['a version that is no text', '{"formatVersion":1}', /line 2: format version 1,/],
    [
      'no place',
      '{"formatVersion":"1.3","tokens":[]}',
      /line 2: has no problemIndex, sampleIndex and tokens/,
    ],
    [
      'a place that no column holds',
      '{"formatVersion":"1.0","problemIndex":1e12,"sampleIndex":0,"tokens":[]}',
      /line 2: has no problemIndex/,
    ],
    [
      'no tokens',
      '{"formatVersion":"1.0","problemIndex":1,"sampleIndex":0}',
      /line 2: has no .*remove the line/,
    ],
  ])('refuses %s between whole lines, and changes nothing', (_, line, message) => {
    const path = newPath()
    write(path, [sample(0)])
    writeFileSync(path, `${line}\n`, { flag: 'a' })
    writeFileSync(path, 'the beginning of a line', { flag: 'a' })
    const before = readFileSync(path)
    for (const access of ['read', 'append'] as const) {
      expect(() => new Journal(path, access)).toThrow(InputError)
      expect(() => new Journal(path, access)).toThrow(message)
    }
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('begins a file of its own after a take-over, and reads all of them, of a sample the first whole line', () => {
    const path = newPath()
    write(path, [sample(0), sample(2, 0, 'first')])
    writeFileSync(path, 'the beginning of a line', { flag: 'a' })
    const second = new Journal(path, 'append', ownerOf(2, false))
    second.append(sample(2, 0, 'is there already'))
    second.append(sample(1))
    // The one of before wakes, and ends a line that the new one has, too, and another one.
    const lines = [sample(1, 0, 'of the first'), sample(3)].map(
      record => `${JSON.stringify({ formatVersion: '1.0', ...record })}\n`,
    )
    writeFileSync(path, readFileSync(path, 'utf8').replace('the beginning of a line', lines.join('')))
    second.close()
    expect(journalPaths(path)).toEqual([path, path.replace('.jsonl', '-2.jsonl')])
    const texts = read(path).map(({ problemIndex, generatedText }) => [problemIndex, generatedText])
    expect(texts).toEqual([
      [0, sample(0).generatedText],
      [1, 'of the first'],
      [2, 'first'],
      [3, sample(3).generatedText],
    ])
    // After a release the next one goes on with the file.
    withJournal(path, 'append', journal => journal.append(sample(4)))
    expect(journalPaths(path)).toHaveLength(2)
  })

  it('joins its files into a new one, which the descriptor of an earlier holder does not reach', () => {
    const path = newPath()
    const first = new Journal(path, 'append')
    first.append(sample(1))
    const owner = ownerOf(2, false)
    const second = new Journal(path, 'append', owner)
    second.append(sample(0))
    second.join()
    expect(owner.ownsJournal).toBe(true)
    expect(journalPaths(path)).toEqual([path])
    expect(() => first.append(sample(5)), 'its file has no name any more').toThrow(/was removed/)
    second.append(sample(2))
    expect([...second.records()]).toEqual([sample(0), sample(1), sample(2)])
    second.close()
    first.close()
    expect(read(path)).toEqual([sample(0), sample(1), sample(2)])
    const before = readFileSync(path)
    withJournal(path, 'append', journal => journal.join())
    expect(readFileSync(path).equals(before), 'one file stays as it is').toBe(true)
  })

  it('has one index of all its files, and of the one that they are joined into', () => {
    const own = mkdtempSync(join(folder, 'indexed-'))
    const path = join(own, 'samples.jsonl')
    const indexed = () =>
      readFileSync(join(own, journalIndexName), 'utf8')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as JournalIndexLine)
        .map(({ file, problemIndex }) => `${file} ${problemIndex}`)
    const damagedWith = (second: string, use: () => unknown) => {
      const whole = readFileSync(second, 'utf8')
      writeFileSync(second, whole.replace('1 + 1?', '1 + 2?'))
      expect(use).toThrow(/samples-2\.jsonl: line 1: is not what was written there/)
      writeFileSync(second, whole)
    }
    write(path, [sample(0)])
    const owner = ownerOf(2, false)
    const journal = new Journal(path, 'append', owner)
    journal.append(sample(2))
    journal.append(sample(1))
    journal.close()
    expect(indexed()).toEqual(['samples.jsonl 0', 'samples-2.jsonl 2', 'samples-2.jsonl 1'])
    damagedWith(join(own, 'samples-2.jsonl'), () => read(path))
    damagedWith(join(own, 'samples-2.jsonl'), () => new Journal(path, 'append', owner))
    const index = readFileSync(join(own, journalIndexName))
    const next = new Journal(path, 'append', owner)
    expect(next.byteLength).toBe(journalPaths(path).reduce((sum, each) => sum + statSync(each).size, 0))
    next.join()
    expect(next.byteLength).toBe(statSync(path).size)
    next.close()
    expect(indexed()).toEqual(['samples.jsonl 0', 'samples.jsonl 2', 'samples.jsonl 1'])
    expect(read(path)).toEqual([sample(0), sample(1), sample(2)])
    // A process that died between the two leaves the index of before, which knows the same lines.
    writeFileSync(join(own, journalIndexName), index)
    expect(read(path)).toEqual([sample(0), sample(1), sample(2)])
  })

  it('changes nothing once its run was taken over', () => {
    const path = newPath()
    write(path, [sample(0)])
    const owner = ownerOf(1, false)
    const journal = new Journal(path, 'append', owner)
    journal.append(sample(1))
    const second = path.replace('.jsonl', '-2.jsonl')
    writeFileSync(second, 'the beginning of a line', { flag: 'a' })
    owner.check.mockImplementation(() => {
      throw new LeaseLostError('taken over')
    })
    const before = [path, second].map(each => readFileSync(each, 'utf8'))
    expect(() => journal.append(sample(2))).toThrow(LeaseLostError)
    expect(() => journal.join()).toThrow(LeaseLostError)
    journal.close()
    // One that was stopped before it opened its journal finds a file of another's.
    expect(() => new Journal(path, 'append', ownerOf(1, true, owner.check))).toThrow(LeaseLostError)
    expect([path, second].map(each => readFileSync(each, 'utf8'))).toEqual(before)
    expect(journalPaths(path)).toEqual([path, second])
    expect(existsSync(`${path}.partial-1`)).toBe(false)
  })

  it('cannot put in place what it joined once the next holder has removed it', () => {
    const path = newPath()
    write(path, [sample(0)])
    const owner = ownerOf(1, false)
    const journal = new Journal(path, 'append', owner)
    journal.append(sample(1))
    const before = readFileSync(path, 'utf8')
    // Stopped between its look and the renaming, and woken after the take-over.
    owner.check.mockImplementationOnce(() => rmSync(`${path}.partial-1`))
    expect(() => journal.join()).toThrow(/ENOENT/)
    journal.close()
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(journalPaths(path)).toHaveLength(2)
  })

  it.each([
    ['no JSON', 'no sample', 0, /the line at byte 0: is not JSON/],
    [
      'another sample',
      JSON.stringify({ formatVersion: '1.0', ...sample(3) }),
      0,
      /the line at byte 0: is another sample than samples\.index\.jsonl says/,
    ],
    ['no place', 'no sample', -1, /line 1: is not JSON/],
  ])('believes no index that tells of %s', (_, text, problemIndex, message) => {
    const path = newPath()
    writeFileSync(path, `${text}\n`)
    const digest = {
      file: 'samples.jsonl',
      start: 0,
      byteLength: text.length,
      sha256: sha256Of(Buffer.from(text)),
    }
    writeFileSync(
      join(dirname(path), journalIndexName),
      encodeIndexLine({ problemIndex, sampleIndex: 0, ...digest }),
    )
    const read = () => withJournal(path, 'read', journal => [...journal.records()])
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('reads of an index no more than its journal explains', () => {
    const path = newPath()
    write(path, [sample(0)])
    truncateSync(join(dirname(path), journalIndexName), 2 ** 36)
    expect(withJournal(path, 'read', journal => [...journal.records()])).toEqual([sample(0)])
  })

  it('takes a newer minor version', () => {
    const path = newPath()
    writeFileSync(path, `${JSON.stringify({ ...sample(0), formatVersion: '1.9', later: true })}\n`)
    expect(read(path)).toEqual([{ ...sample(0), later: true }])
  })
})

describe('Journal on a disk that fails', () => {
  const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

  /** A writer that writes so many bytes at most at once, and fails where `fails` says so of what it is asked. */
  function failingWriter(
    fails: (what: keyof FileWriter) => boolean,
    atOnce = Number.POSITIVE_INFINITY,
  ): FileWriter {
    const meet = (what: keyof FileWriter) => {
      if (fails(what)) throw noSpace()
    }
    return {
      write(file, bytes, offset) {
        meet('write')
        return writeSync(file, bytes, offset, Math.min(bytes.length - offset, atOnce))
      },
      sync: () => meet('sync'),
      truncate(file, byteLength) {
        meet('truncate')
        ftruncateSync(file, byteLength)
      },
    }
  }

  const openWith = (path: string, writer: FileWriter) => new Journal(path, 'append', ownerOf(0, true), writer)

  it.each<[string, (keyof FileWriter)[]]>([
    ['full after a part of a line', ['write']],
    ['full when the line is synced', ['sync']],
    ['full, and what was written cannot be cut off', ['write', 'truncate']],
  ])('keeps the next line whole where it is %s', (_, failing) => {
    const path = newPath()
    let isFull = false
    let writes = 0
    const writer = failingWriter(
      what => isFull && failing.includes(what) && (what !== 'write' || writes++ > 0),
      100,
    )
    const journal = openWith(path, writer)
    journal.append(sample(0))
    isFull = true
    expect(() => journal.append(sample(1))).toThrow(/ENOSPC/)
    expect(journal.has(sample(1)), 'does not count as finished').toBe(false)
    expect(read(path), 'readers leave it out').toEqual([sample(0)])
    isFull = false
    journal.append(sample(2))
    journal.append(sample(1))
    journal.close()
    expect(read(path)).toEqual([sample(0), sample(1), sample(2)])
  })

  it('goes on in another file while a part of a line cannot be cut off, and joins both', () => {
    const path = newPath()
    let isFull = false
    let writes = 0
    const writer = failingWriter(
      what => what === 'truncate' || (what === 'write' && isFull && writes++ > 0),
      100,
    )
    const journal = openWith(path, writer)
    journal.append(sample(0))
    isFull = true
    expect(() => journal.append(sample(1))).toThrow(/ENOSPC/)
    isFull = false
    journal.append(sample(2))
    expect(journalPaths(path)).toHaveLength(2)
    journal.join()
    journal.close()
    expect(read(path)).toEqual([sample(0), sample(2)])
    expect(journalPaths(path)).toHaveLength(1)
  })

  it('keeps every sample that it says it kept, whatever fails, and nothing torn', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 400 }),
        (dice, atOnce) => {
          const path = newPath()
          const writer = failingWriter(() => dice.next().value === 0, atOnce)
          const kept: number[] = []
          for (let problem = 0; problem < 12; ) {
            let journal: Journal
            try {
              journal = openWith(path, writer)
            } catch {
              continue
            }
            // Until it fails, and then either at once again, or by a resume.
            for (; problem < 12; problem++) {
              try {
                journal.append(sample(problem))
                kept.push(problem)
              } catch (error) {
                expect(error).toMatchObject({ code: 'ENOSPC' })
                if (dice.next().value! < 5) break
              }
            }
            journal.close()
            problem++
          }
          // A line whose sync failed may be whole all the same, and then counts, once.
          const found = read(path)
          const numbers = found.map(({ problemIndex }) => problemIndex)
          expect(numbers).toEqual(expect.arrayContaining(kept))
          expect(found).toEqual(numbers.map(problem => sample(problem)))
          expect(new Set(numbers).size).toBe(numbers.length)
        },
      ),
      { numRuns: 200 },
    )
  })
})
