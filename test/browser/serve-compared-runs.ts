import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView } from '../../node-runner/view/serve-view.ts'
import { writeRun } from '../support/write-run.ts'
import { answers, hostileAnswers, loneAnswer, otherAnswer } from './compare-samples.ts'

/** The viewer with a run of several answers to a problem, and another run to compare it with at `run-2/`. */
export interface ComparedRuns {
  url: string
  /** Paths of a run's files: run.json and the journal. */
  filesOf(run: 'first' | 'second'): string[]
  close(): Promise<void>
}

const model = { name: 'other-model', revision: null, weightDigest: 'c'.repeat(64), dtypes: ['f16'] }

/** Writes and serves both runs; the first one is finished, the second one has no results yet. */
export async function serveComparedRuns(): Promise<ComparedRuns> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-compare-'))
  const [first, second] = [join(folder, 'first'), join(folder, 'second')]
  const samples = [...answers, loneAnswer, ...hostileAnswers]
  writeResults(first, writeRun(first, samples), samples)
  writeRun(second, [otherAnswer], { model })
  const server = await serveView(
    pageFolder(() => {}),
    first,
    0,
    [second],
  )
  return {
    url: server.url,
    filesOf: run => ['run.json', 'samples.jsonl'].map(name => join(folder, run, name)),
    async close() {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
