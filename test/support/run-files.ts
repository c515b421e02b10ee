import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SampleRecord } from '../../core/record/sample.ts'
import { journalPaths } from '../../node-runner/run/journal-files.ts'

/** A result of all_results.json. */
export type Result = Omit<SampleRecord, 'tokens'> & {
  tokenIds: number[]
  tokenTexts: string[]
  tokenEntropiesNats: number[]
  tokenLogprobs: number[]
}

/** The content of a JSON file of a run's folder. */
export function readRunFile(folder: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))
}

/** The results of a run's folder. */
export function readResults(folder: string): Result[] {
  return readRunFile(folder, 'all_results.json')['results'] as Result[]
}

/** The text of all_results.json without the values of timings, whose names end in Ms. */
export function untimedResults(folder: string): string {
  const text = readFileSync(join(folder, 'all_results.json'), 'utf8')
  return text.replaceAll(/("\w+Ms":)[-+.\de]+/g, '$1')
}

/** Whole lines in all files of a run's journal so far; 0 where there is none. */
export function journalLines(folder: string): number {
  return wholeLines(folder).length
}

/** The whole lines of all files of a run's journal, in the order in which they count. */
export function wholeLines(folder: string): string[] {
  try {
    return journalPaths(join(folder, 'samples.jsonl')).flatMap(path =>
      readFileSync(path, 'utf8').split('\n').slice(0, -1),
    )
  } catch {
    // Joined in between.
    return wholeLines(folder)
  }
}

/** Takes away the digests of a run's files, as a run of 0.1.0 has none: what a test changes by hand would be damage else. */
export function forgetDigests(folder: string): void {
  for (const name of ['manifest.json', 'samples.index.jsonl']) rmSync(join(folder, name), { force: true })
}
