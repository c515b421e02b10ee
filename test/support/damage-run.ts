import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { journalIndexName } from '../../core/record/journal-index.ts'
import { checkedByteSource, type Manifest, parseManifest } from '../../core/record/manifest.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { openTraces } from '../../core/record/traces.ts'
import { openSummary } from '../../core/study/summary.ts'
import { Journal } from '../../node-runner/run/journal.ts'
import { sha256Of } from '../../node-runner/run/read-run-files.ts'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { memoryByteSource } from './memory-byte-source.ts'
import { writeRun } from './write-run.ts'

/** Writes a run with its results, its manifest and the index of its journal. */
export function writeDigestedRun(
  folder: string,
  samples: readonly SampleRecord[],
  changes: { limit?: number } = {},
): void {
  const run = writeRun(folder, samples, changes)
  new Journal(join(folder, 'samples.jsonl'), 'append').close()
  writeResults(folder, run, samples)
}

/** The manifest of a run. */
export function manifestOf(folder: string): Manifest {
  return parseManifest('manifest.json', readFileSync(join(folder, 'manifest.json'), 'utf8'))
}

/** Files of a run's folder that are not what its manifest says; empty where all are. */
export function damagedFiles(folder: string): string[] {
  return Object.entries(manifestOf(folder).files)
    .filter(([name, { sizeBytes, sha256, parts }]) => {
      const bytes = readFileSync(join(folder, name))
      const starts = [0, ...(parts ?? []).map(([end]) => end)]
      return (
        bytes.length !== sizeBytes ||
        sha256Of(bytes) !== sha256 ||
        parts?.some(([end, digest], index) => sha256Of(bytes.subarray(starts[index], end)) !== digest)
      )
    })
    .map(([name]) => name)
}

/** Places of so many bits among those of a file, spread evenly; all of them where there are no more. */
export function* sampledBits(byteLength: number, most: number): Generator<number> {
  const bits = 8 * byteLength
  const step = Math.max(1, bits / most)
  for (let bit = 0; bit < bits; bit += step) yield Math.floor(bit)
}

/** A copy of bytes with one bit turned. */
export function withBit(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const turned = Uint8Array.from(bytes)
  turned[bit >> 3]! ^= 1 << (bit & 7)
  return turned
}

/** Reads every number of summary.parquet and where it says that samples lie, as its manifest checks it. */
export async function readSummary(bytes: Uint8Array, manifest: Manifest): Promise<unknown> {
  const source = memoryByteSource(bytes, 'summary.parquet')
  const checked = checkedByteSource(source, source.name, manifest.files['summary.parquet']!, sha256Of)
  const summary = await openSummary(checked, { exactly: manifest.samples })
  return [await summary.readColumns(), await summary.readTraceIndex()]
}

/** Reads every sample of traces.parquet, as its manifest checks it. */
export async function readTraces(bytes: Uint8Array, manifest: Manifest): Promise<unknown> {
  const source = memoryByteSource(bytes, 'traces.parquet')
  const traces = await openTraces(
    checkedByteSource(source, source.name, manifest.files['traces.parquet']!, sha256Of),
  )
  return Promise.all(Array.from({ length: traces.count }, (_, row) => traces.read(row)))
}

/** What a test asks of a run that the page has open. */
interface PageRun {
  snapshot(): { scoreNames: readonly string[] }
  readScore(name: string): Promise<Float64Array>
  readSample(row: number): Promise<unknown>
}

/** Opens a run as the page's worker does, from files that are dropped on the page, some of them replaced. */
export async function openInPage(
  folder: string,
  names: readonly string[],
  replaced: Record<string, Uint8Array> = {},
): Promise<PageRun> {
  // Of a page's globals, which the types of these tests do not know.
  const [{ openRunData }, { filesOf }] = await Promise.all(
    ['../../core/run/open-run.ts', '../../web/data/run-source.ts'].map(path => import(path)),
  )
  const files = names.map(
    name => new File([Uint8Array.from(replaced[name] ?? readFileSync(join(folder, name)))], name),
  )
  return openRunData(filesOf({ kind: 'files', files }))
}

/** What the page reads of a run whose results are written, and of one that goes on. */
export const pageFiles = {
  finished: ['manifest.json', 'run.json', 'summary.parquet', 'traces.parquet', 'analysis.json'],
  following: ['manifest.json', 'run.json', 'samples.jsonl', journalIndexName],
} as const
