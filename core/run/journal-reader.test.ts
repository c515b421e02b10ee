import { expect, it } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { sha256 } from '../files/sha256.ts'
import { encodeIndexLine, journalIndexName, mostIndexBytes } from '../record/journal-index.ts'
import { formatVersion } from '../record/run-files.ts'
import { createJournalReader } from './journal-reader.ts'
import type { RunFiles } from './run-files.ts'

const line = (problemIndex: number, generatedText: string) =>
  `${JSON.stringify({ formatVersion, ...sampleRecord({ problemIndex, generatedText }) })}\n`

/** A run's files, as they are now. */
function filesIn(texts: Record<string, string>): RunFiles {
  return {
    name: 'a run',
    open: async name => {
      const text = texts[name]
      return text === undefined ? null : memoryByteSource(new TextEncoder().encode(text), name)
    },
    tail: async (name, start) => {
      const text = texts[name]
      return text === undefined ? null : new TextEncoder().encode(text).slice(start).buffer
    },
  }
}

it('reads all files of a journal as they grow, and of a sample the first whole line', async () => {
  const texts: Record<string, string> = {}
  const reader = createJournalReader(filesIn(texts))
  expect(await reader.readOn()).toBeNull()
  texts['samples.jsonl'] = line(0, 'a') + line(3, 'b').slice(0, 20)
  expect(await reader.readOn()).toBe(true)
  expect(await reader.readOn()).toBe(false)
  // Another process took the run over, and the one of before has not ended its line.
  texts['samples-2.jsonl'] = line(1, 'c')
  texts['samples-3.jsonl'] = line(1, 'not the first') + line(2, 'd')
  expect(await reader.readOn()).toBe(true)
  expect([...reader.columns().problemIndex]).toEqual([0, 1, 2])
  const answers = await Promise.all([0, 1, 2].map(async row => (await reader.read(row)).generatedText))
  expect(answers).toEqual(['a', 'c', 'd'])
  expect(reader.byteLength).toBe((line(0, 'a') + texts['samples-2.jsonl'] + texts['samples-3.jsonl']).length)
})

it('says that it has to begin anew once the files are joined', async () => {
  const [first, second] = [line(0, 'a'), line(1, 'b')]
  const texts: Record<string, string> = { 'samples.jsonl': first, 'samples-2.jsonl': second }
  const reader = createJournalReader(filesIn(texts))
  expect(await reader.readOn()).toBe(true)
  texts['samples.jsonl'] = first + second
  delete texts['samples-2.jsonl']
  expect(await reader.readOn()).toBeNull()
})

it('knows the lines of each file by the index, and finds a changed one', async () => {
  const second = line(1, 'b')
  const bytes = new TextEncoder().encode(second.trimEnd())
  const texts: Record<string, string> = {
    'samples.jsonl': line(0, 'a'),
    'samples-2.jsonl': second,
    [journalIndexName]: encodeIndexLine({
      problemIndex: 1,
      sampleIndex: 0,
      file: 'samples-2.jsonl',
      start: 0,
      byteLength: bytes.length,
      sha256: sha256(bytes),
    }),
  }
  expect(await createJournalReader(filesIn(texts)).readOn()).toBe(true)
  texts['samples-2.jsonl'] = line(1, 'c')
  await expect(createJournalReader(filesIn(texts)).readOn()).rejects.toThrow(
    /^a run: samples-2\.jsonl, byte 0: is not what was written there/,
  )
})

/** Files of which one is as long as it is asked on for. */
function filesWithout(end: string, texts: Record<string, string>): RunFiles {
  const files = filesIn(texts)
  const endless = new Uint8Array(2 ** 22).fill(0x61).buffer
  return { ...files, tail: async (name, start) => (name === end ? endless : files.tail(name, start)) }
}

it('reads no index that is too long for its journal, and no line without end', async () => {
  const texts = { 'samples.jsonl': line(0, 'a') }
  await expect(createJournalReader(filesWithout(journalIndexName, texts)).readOn()).rejects.toThrow(
    `samples.index.jsonl has more than ${mostIndexBytes(texts['samples.jsonl'].length)} bytes, expected a line of it for each line`,
  )
  await expect(createJournalReader(filesWithout('samples.jsonl', {})).readOn()).rejects.toThrow(
    /samples\.jsonl, byte 0: a line of more than 134217728 bytes, expected a finished sample/,
  )
})
