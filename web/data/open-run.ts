import { proxy, wrap } from 'comlink'
import type { FinishReason, SampleRecord } from '../../core/record/sample.ts'
import type { TraceSample } from '../../core/record/traces.ts'
import type { RunSnapshot } from '../../core/run/open-run.ts'
import { messageOf } from '../dom.ts'
import { droppedRun, namedSource, type RunSource } from './run-source.ts'
import type { RunWorker, TextMatches } from './run-worker.ts'
import { callWorker, endStuckReading } from './watch-worker.ts'

/** One sample with its tokens and its scalars. */
export interface OpenedSample
  extends TraceSample,
    Pick<SampleRecord, 'correct' | 'rule' | 'extractedAnswer' | 'expectedAnswer'>,
    Pick<SampleRecord, 'promptTokens' | 'generatedTokens' | 'durationMs'> {
  /** Its row in the run's columns, as they were when it was read. */
  row: number
  level: string | null
  /** A branch of an answer may be stopped by the reader. */
  finishReason: FinishReason | 'stopped'
}

export type OpenRun = Awaited<ReturnType<typeof openRun>>

const pollMs = 1000

/**
 * Opens a run in a worker of its own: its columns are in the page, its tokens are read when they are asked for.
 * `columns.scores` holds the scores that were read; `readScore` adds one. Rejects with what is wrong with it in words.
 */
export async function openRun(source: RunSource) {
  const worker = new Worker(new URL('./run-worker.ts', import.meta.url), { type: 'module', name: 'run' })
  const remote = wrap<RunWorker>(worker)
  const call = callWorker(
    worker,
    endStuckReading(worker, () => remote.ping()),
  )

  let closed = false
  const listeners = new Set<() => void>()
  const snapshot: Readonly<RunSnapshot> = await call(remote.open(source)).catch(error => {
    worker.terminate()
    throw error
  })

  /** Looks for more samples until there are all. */
  async function follow(): Promise<void> {
    while (!closed && run.following) {
      await new Promise(resolve => setTimeout(resolve, document.hidden ? 5 * pollMs : pollMs))
      if (closed) return
      let [next, followError]: [RunSnapshot | null, string | null] = [null, null]
      try {
        next = await call(remote.poll())
      } catch (error) {
        followError = messageOf(error)
      }
      if (closed || (!next && followError === run.followError)) continue
      Object.assign(run, next, { followError })
      for (const listener of [...listeners]) listener()
    }
  }

  const run = {
    ...snapshot,
    /** What went wrong when the run was last looked at for more; null when nothing did. */
    followError: null as string | null,
    /** One score of every sample, NaN where it is undefined. */
    async readScore(name: string): Promise<Float64Array> {
      const { scores } = run.columns
      return (scores[name] ??= await call(remote.readScore(name)))
    },
    /** One sample by its row in `columns`. */
    async readSample(row: number): Promise<OpenedSample> {
      const { columns } = run
      const sample = await call(remote.readSample(row))
      return {
        ...sample,
        row,
        level: columns.level[row] ?? null,
        correct: columns.correct[row] === 1,
        rule: columns.rule[row] ?? '',
        finishReason: columns.finishReason[row] ?? 'error',
        extractedAnswer: columns.extractedAnswer[row] ?? null,
        expectedAnswer: columns.expectedAnswer[row] ?? '',
        promptTokens: columns.promptTokens[row] ?? 0,
        generatedTokens: columns.generatedTokens[row] ?? 0,
        durationMs: columns.durationMs[row] ?? 0,
      }
    },
    /** Looks for a text, whatever its case, in every problem and answer; hands over what it found as it goes. */
    searchText: (query: string, onMatches: (matches: TextMatches) => void) =>
      call(remote.searchText(query, proxy(onMatches))),
    /**
     * Mean entropy of each of `positionCount` parts of every answer, nats: [row][part] in one array, NaN where the answer has
     * no tokens. Reads all tokens of the run.
     */
    readPositions: (onProgress: (rows: number) => void) => call(remote.readPositions(proxy(onProgress))),
    /** Calls the listener when samples came or the run ended. Returns what ends that. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed = true
      worker.terminate()
    },
  }
  void follow()
  return run
}

/**
 * The run that the shown one is compared with, none yet. It stays open, so that the next comparison with it costs nothing.
 */
export function createOtherRun() {
  let chosen: File[] | null = null
  let last: { name: string; opening: Promise<OpenRun> } | null = null
  function close(): void {
    last?.opening.then(
      run => run.close(),
      () => {},
    )
    last = null
  }
  return {
    /** Opens the run of a name (see `namedSource`), and closes the one before. Rejects with what is wrong in words. */
    async open(name: string): Promise<OpenRun> {
      if (last?.name === name) return last.opening
      close()
      const own = (last = { name, opening: openRun(namedSource(name, chosen)) })
      own.opening.catch(() => {
        // The next one tries again.
        if (last === own) last = null
      })
      return own.opening
    },
    /** Takes files as the other run. Returns its name. */
    choose(files: File[]): string {
      if (last?.name === droppedRun) close()
      chosen = files
      return droppedRun
    },
    close,
  }
}
