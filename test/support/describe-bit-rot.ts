import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { journalIndexName } from '../../core/record/journal-index.ts'
import { DigestMismatch, type Manifest, parseManifest } from '../../core/record/manifest.ts'
import { Journal } from '../../node-runner/run/journal.ts'
import { analyseColumns, readColumns } from '../../node-runner/run/run-columns.ts'
import { type RunDescription, readRunDescription } from '../../node-runner/run/run-description.ts'
import {
  manifestOf,
  openInPage,
  pageFiles,
  readSummary,
  readTraces,
  sampledBits,
  withBit,
  writeDigestedRun,
} from './damage-run.ts'
import { traceSample } from './trace-sample.ts'

/** What turning bits of a file showed: how many were tried, and at which nothing was said. */
interface Flips {
  tried: number
  unnoticed: number[]
}

interface FlipOptions {
  /** What is thrown. */
  error?: typeof InputError
  /** How much of the file is read, from its beginning. */
  byteLength?: number
}

/**
 * Turns single bits of each file of a small run, `most` of a file and fewer where a try takes long, and has it read: the damage is
 * told, by an error of this project's own that names the file.
 */
export function describeBitRot(most: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const samples = Array.from({ length: 3 }, (_, index) => traceSample(index, 2))
  const path = (name: string) => join(folder, name)
  const bytesOf = (name: string) => readFileSync(path(name))
  let manifest: Manifest
  let run: RunDescription
  beforeAll(() => {
    writeDigestedRun(folder, samples)
    manifest = manifestOf(folder)
    run = readRunDescription(path('run.json'))!
  })

  /** Has a file read with one bit after the other turned. What is read without an error is compared by `isSame`. */
  async function flip(
    name: string,
    count: number,
    read: (bytes: Uint8Array<ArrayBuffer>) => unknown,
    { error = DigestMismatch, byteLength = bytesOf(name).length }: FlipOptions = {},
  ): Promise<Flips> {
    const bytes = bytesOf(name)
    const flips: Flips = { tried: 0, unnoticed: [] }
    for (const bit of sampledBits(byteLength, count)) {
      flips.tried++
      try {
        await read(withBit(bytes, bit))
        flips.unnoticed.push(bit)
      } catch (thrown) {
        expect(thrown, `bit ${bit} of ${name}`).toBeInstanceOf(error)
        expect((thrown as Error).message, `bit ${bit}`).toContain(name)
      }
    }
    console.log(
      `${name}: ${flips.tried} of ${8 * byteLength} bits turned, ${flips.unnoticed.length} unnoticed`,
    )
    return flips
  }

  /** Reads a run's folder with a file replaced, and puts the file back. */
  const inFolder = (name: string, read: () => unknown) => async (bytes: Uint8Array) => {
    const before = bytesOf(name)
    const { atimeMs, mtimeMs } = statSync(path(name))
    try {
      writeFileSync(path(name), bytes)
      return await read()
    } finally {
      writeFileSync(path(name), before)
      // A journal that is newer than the results has samples that they lack.
      utimesSync(path(name), atimeMs / 1000, mtimeMs / 1000)
    }
  }

  /** Samples are found by summary.parquet: the footer of traces.parquet is for other readers, and is not read by these. */
  const withoutFooter = (name: string): FlipOptions =>
    name === 'traces.parquet' ? { byteLength: manifest.files[name]!.parts!.at(-2)![0] } : {}

  describe('one bit of a file that is not what was written', () => {
    it('is found in summary.parquet', async () => {
      const { unnoticed } = await flip('summary.parquet', most, bytes => readSummary(bytes, manifest))
      expect(unnoticed).toEqual([])
    })

    it('is found in traces.parquet', async () => {
      const { unnoticed } = await flip('traces.parquet', most, bytes => readTraces(bytes, manifest))
      expect(unnoticed).toEqual([])
    })

    it('is found in run.json', async () => {
      const read = inFolder('run.json', () => readRunDescription(path('run.json')))
      expect((await flip('run.json', most, read)).unnoticed).toEqual([])
    })

    it('is found in manifest.json', async () => {
      const read = (bytes: Uint8Array) => parseManifest('manifest.json', new TextDecoder().decode(bytes))
      // A version that is not known is said to be newer.
      expect((await flip('manifest.json', most, read, { error: InputError })).unnoticed).toEqual([])
    })

    it('is found in the journal, by whoever reads it and before a resume appends', async () => {
      for (const access of ['read', 'append'] as const) {
        const read = inFolder('samples.jsonl', () => new Journal(path('samples.jsonl'), access).close())
        expect((await flip('samples.jsonl', most, read)).unnoticed).toEqual([])
      }
    })

    it('of the index of a journal accuses no line, and is fixed by a resume', async () => {
      const whole = bytesOf(journalIndexName)
      const recordsOf = (access: 'read' | 'append') => {
        const journal = new Journal(path('samples.jsonl'), access)
        const records = [...journal.records()]
        journal.close()
        return records
      }
      const read = inFolder(journalIndexName, () => {
        expect(recordsOf('read')).toEqual(samples)
        expect(recordsOf('append')).toEqual(samples)
        expect(bytesOf(journalIndexName).equals(whole)).toBe(true)
      })
      const { tried, unnoticed } = await flip(journalIndexName, most, read)
      expect(unnoticed).toHaveLength(tried)
    })

    it('is found by compare and analyse --from-columns', { timeout: 600_000 }, async () => {
      // Each of these starts a process that reads.
      const few = Math.min(200, Math.ceil(most / 125))
      const compared = await flip(
        'summary.parquet',
        few,
        inFolder('summary.parquet', () => readColumns(folder, run)),
      )
      expect(compared.unnoticed).toEqual([])
      for (const name of ['summary.parquet', 'traces.parquet', 'analysis.json']) {
        const { unnoticed } = await flip(
          name,
          few,
          inFolder(name, () => analyseColumns(folder, run)),
          withoutFooter(name),
        )
        expect(unnoticed, name).toEqual([])
      }
      expect(manifestOf(folder)).toEqual(manifest)
    })

    it('is found in the page', async () => {
      vi.stubGlobal('self', { postMessage() {} })
      const few = Math.min(20_000, Math.ceil(most / 10))
      const open = async (names: readonly string[], replaced: Record<string, Uint8Array> = {}) => {
        const data = await openInPage(folder, names, replaced)
        const scores = await Promise.all(data.snapshot().scoreNames.map(name => data.readScore(name))).catch(
          error => {
            if (error instanceof RangeError) return []
            throw error
          },
        )
        return [scores, await Promise.all(samples.map((_, row) => data.readSample(row)))]
      }
      for (const [names, damaged] of [
        [pageFiles.finished, ['run.json', 'summary.parquet', 'traces.parquet', 'analysis.json']],
        [pageFiles.following, ['run.json', 'samples.jsonl']],
      ] as const) {
        await open(names)
        for (const name of damaged) {
          const { unnoticed } = await flip(
            name,
            few,
            bytes => open(names, { [name]: bytes }),
            withoutFooter(name),
          )
          expect(unnoticed, name).toEqual([])
        }
      }
    })
  })
}
