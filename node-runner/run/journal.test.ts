import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeIndexLine, journalIndexName } from '../../core/formats/journal-index.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { InputError } from '../../core/input-error.ts'
import { Journal } from './journal.ts'
import { sha256Of } from './run-manifest.ts'

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
