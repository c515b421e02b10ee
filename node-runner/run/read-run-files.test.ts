import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { encodeManifest } from '../../core/record/manifest.ts'
import { encodeSummary } from '../../core/study/summary.ts'
import {
  damagedFiles,
  manifestOf,
  openInPage,
  pageFiles,
  withBit,
  writeDigestedRun,
} from '../../test/support/damage-run.ts'
import { runCommand } from '../../test/support/run-command.ts'
import { forgetDigests } from '../../test/support/run-files.ts'
import { traceSample } from '../../test/support/trace-sample.ts'
import { analyseCommand } from '../commands/analyse.ts'
import { compareCommand } from '../commands/compare.ts'
import { Journal } from './journal.ts'
import { readRunFiles, readUndamagedManifest, sha256Of } from './read-run-files.ts'
import { readColumns } from './run-columns.ts'
import { readRunDescription } from './run-description.ts'

const folders: string[] = []
afterAll(() => folders.forEach(folder => void rmSync(folder, { recursive: true })))

const samples = Array.from({ length: 6 }, (_, index) => traceSample(index, 3))
let folder: string
const path = (name: string) => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
  folders.push(folder)
  writeDigestedRun(folder, samples)
})

const analyse = (...flags: string[]) => runCommand(analyseCommand(), [folder, '--quiet', ...flags])
const compare = () => runCommand(compareCommand(), [folder, folder, '--json'])

/** Turns one bit in the middle of a file. */
function damage(name: string): void {
  const bytes = readFileSync(path(name))
  writeFileSync(path(name), withBit(bytes, 4 * bytes.length))
}

describe('the manifest of a run', () => {
  it('has a digest of every file that is made from the journal, and of run.json', () => {
    const { files, samples: count, journalBytes } = manifestOf(folder)
    expect(Object.keys(files).sort()).toEqual([
      'all_results.json',
      'analysis.json',
      'entropy_analysis.png',
      'entropy_analysis.svg',
      'report.html',
      'report.md',
      'run.json',
      'summary.parquet',
      'traces.parquet',
    ])
    expect(damagedFiles(folder)).toEqual([])
    expect([count, journalBytes]).toEqual([6, readFileSync(path('samples.jsonl')).length])
    // A column each of the one row group and the footer; numbers, texts and the footer.
    expect(files['summary.parquet']!.parts!.length).toBeGreaterThan(20)
    expect(files['traces.parquet']!.parts).toHaveLength(3)
  })

  it.each(['summary.parquet', 'traces.parquet', 'analysis.json', 'manifest.json'])(
    'finds damage to %s, names it and the way out, which is one',
    async name => {
      damage(name)
      await expect(analyse('--from-columns')).rejects.toThrow(InputError)
      await expect(analyse('--from-columns')).rejects.toThrow(new RegExp(`${name}: .*entrace analyse`))
      await analyse()
      await analyse('--from-columns')
      expect(damagedFiles(folder)).toEqual([])
    },
  )

  it('finds damage to run.json, which a copy or the reader fixes', async () => {
    const text = readFileSync(path('run.json'), 'utf8')
    writeFileSync(path('run.json'), text.replace('"temperature": 0', '"temperature": 1'))
    const message = /run\.json: .*restore it from a copy, or delete manifest\.json beside it/
    await expect(analyse()).rejects.toThrow(message)
    await expect(compare()).rejects.toThrow(message)
    rmSync(path('manifest.json'))
    await analyse()
    expect(manifestOf(folder).samples).toBe(6)
  })

  it('finds a changed line of the journal, which can be removed', async () => {
    const lines = readFileSync(path('samples.jsonl'), 'utf8').split('\n')
    const changed = lines.with(2, lines[2]!.replace('"durationMs":2.5', '"durationMs":2.6'))
    expect(changed).not.toEqual(lines)
    writeFileSync(path('samples.jsonl'), changed.join('\n'))
    await expect(analyse()).rejects.toThrow(
      /samples\.jsonl: line 3: is not what was written there, which was answer 0 to problem 2 in .* remove the line/,
    )
    writeFileSync(path('samples.jsonl'), lines.toSpliced(2, 1).join('\n'))
    await analyse()
    expect(manifestOf(folder).samples).toBe(5)
    const journal = new Journal(path('samples.jsonl'), 'append')
    expect(journal.has(samples[2]!)).toBe(false)
    journal.append(samples[2]!)
    expect([...journal.records()]).toEqual(samples)
    journal.close()
    damage('samples.jsonl')
    expect(() => new Journal(path('samples.jsonl'), 'read')).toThrow(/is not what was written there/)
  })

  it('leaves lines of an index that is cut unchecked, and has a resume write it again', () => {
    const index = readFileSync(path('samples.index.jsonl'), 'utf8')
    writeFileSync(path('samples.index.jsonl'), index.slice(0, index.length / 2))
    const journal = new Journal(path('samples.jsonl'), 'read')
    expect([...journal.records()]).toEqual(samples)
    journal.close()
    new Journal(path('samples.jsonl'), 'append').close()
    expect(readFileSync(path('samples.index.jsonl'), 'utf8')).toBe(index)
  })

  it('is not needed: runs without one, and without an index, are read as before', async () => {
    const names = [...pageFiles.finished, 'samples.jsonl']
    vi.stubGlobal('self', { postMessage() {} })
    const before = JSON.parse((await compare()).stdout)
    const page = (await openInPage(folder, names)).snapshot()
    forgetDigests(folder)
    expect(JSON.parse((await compare()).stdout)).toEqual(before)
    const unchecked = await openInPage(
      folder,
      names.filter(name => name !== 'manifest.json'),
    )
    expect(unchecked.snapshot()).toEqual(page)
    await analyse('--from-columns')
    await analyse()
    expect(damagedFiles(folder)).toEqual([])
  })

  it('has a reader begin again whose files are replaced under its hands', async () => {
    const seen: unknown[] = []
    const read = () =>
      readRunFiles(folder, async files => {
        seen.push(files.manifest?.samples ?? null)
        if (seen.length === 1) {
          writeDigestedRun(folder, samples.slice(0, 3))
          // What lies there now is not what the first manifest told of.
          files.readWhole('analysis.json')
        }
        return JSON.parse(files.readWhole('analysis.json')!.toString('utf8')).total
      })
    expect(await read()).toBe(3)
    expect(seen).toEqual([6, 3])
    // Without a manifest only one that appears tells of it.
    rmSync(path('manifest.json'))
    seen.length = 0
    expect(await read()).toBe(3)
    expect(seen).toEqual([null, 3])
  })
})

describe('the number of rows that a summary claims', () => {
  const claim = (count: number) => {
    const columns = { count, level: [], rule: [], scores: {} }
    const rows = ['problemId', 'finishReason', 'extractedAnswer', 'expectedAnswer', 'level', 'rule']
    const numbers = [
      'problemIndex',
      'sampleIndex',
      'promptTokens',
      'generatedTokens',
      'durationMs',
      'correct',
    ]
    const of = (names: string[], values: ArrayLike<unknown>) =>
      Object.fromEntries(names.map(name => [name, values]))
    const run = {
      ...columns,
      ...of(rows, new Array(count).fill('stop')),
      ...of(numbers, new Float64Array(count)),
    }
    return encodeSummary(run as never, { fileBytes: 0, groups: [] }, defaultGradingRules)
  }

  it.each([
    ['the manifest', (): void => {}, /claims 5000 rows, expected the 6 that manifest\.json tells of/],
    [
      'run.json',
      () => rmSync(path('manifest.json')),
      /claims 5000 rows, expected at most the 1000 that run\.json/,
    ],
    [
      'the journal',
      () => {
        forgetDigests(folder)
        const run = readRunDescription(path('run.json'))!
        writeFileSync(
          path('run.json'),
          JSON.stringify({ ...run, dataSet: { ...run.dataSet, problems: 2e7 } }),
        )
      },
      /claims 5000 rows, expected at most the \d+ that samples\.jsonl has room for/,
    ],
  ])('is held against %s', async (_, prepare, message) => {
    writeFileSync(path('summary.parquet'), Buffer.concat(claim(5000)))
    const manifest = readUndamagedManifest(folder)!
    const bytes = readFileSync(path('summary.parquet'))
    // A stranger's manifest fits the file.
    const files = { 'summary.parquet': { sizeBytes: bytes.length, sha256: sha256Of(bytes) } }
    writeFileSync(path('manifest.json'), encodeManifest({ ...manifest, files }))
    prepare()
    const run = readRunDescription(path('run.json'))!
    await expect(readColumns(folder, run)).rejects.toThrow(InputError)
    await expect(readColumns(folder, run)).rejects.toThrow(message)
  })
})

describe('a manifest that is none', () => {
  it('is refused unread where it is longer than any', async () => {
    truncateSync(path('manifest.json'), 2 ** 36)
    await expect(compare()).rejects.toThrow(/manifest\.json: has 68719476736 bytes, expected/)
  })
})

describe('a manifest of a newer version', () => {
  it('is refused by name', async () => {
    const text = encodeManifest({ samples: null, journalBytes: null, files: {} })
    writeFileSync(path('manifest.json'), text.replace('"1.0"', '"2.0"'))
    await expect(compare()).rejects.toThrow(/manifest\.json: format version "2\.0", expected 1\.x/)
  })
})
