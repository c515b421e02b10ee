import { Worker } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { GroupAbortedError } from '../../core/parallel/communicator.ts'
import type { RankApi, RankStart } from './rank-worker.ts'

/** A rank in a thread of its own. */
export class RankThread {
  readonly rank: number
  readonly api: Remote<RankApi>
  readonly #worker: Worker
  readonly #ended: Promise<never>

  constructor(start: RankStart) {
    this.rank = start.rank
    this.#worker = new Worker(new URL('./rank-worker.ts', import.meta.url), {
      workerData: start,
      name: `rank ${start.rank}`,
    })
    this.api = wrap<RankApi>(nodeEndpoint(this.#worker))
    // A call through Comlink never settles when its worker dies (comlink#601), so that every call races the death.
    this.#ended = new Promise((_, reject) => {
      this.#worker.once('error', reject)
      this.#worker.once('exit', code =>
        reject(new Error(`rank ${start.rank}: its thread ended with code ${code}`)),
      )
    })
    this.#ended.catch(() => {})
  }

  /** The result of a call, or the rank's death. */
  call<T>(result: Promise<T>): Promise<T> {
    return Promise.race([result, this.#ended])
  }
}

/**
 * The results of a call that all ranks of an engine run. When one fails the others are told by their exchange and get
 * `settleMs` to end; the failure that came first is thrown, not those that followed from it.
 */
export async function settleRanks<T>(calls: readonly Promise<T>[], settleMs: number): Promise<T[]> {
  let failure: { error: unknown } | null = null
  // That another rank failed. The class of an error is lost on the way between threads, its name is not.
  const isConsequence = ({ error }: { error: unknown }) =>
    error instanceof Error && error.name === GroupAbortedError.name
  const watched = calls.map(call =>
    call.catch(error => {
      if (!failure || isConsequence(failure)) failure = { error }
      throw error
    }),
  )
  const firstFailure = Promise.all(watched).catch(() => new Promise(resolve => setTimeout(resolve, settleMs)))
  await Promise.race([Promise.allSettled(watched), firstFailure])
  if (failure) throw (failure as { error: unknown }).error
  return Promise.all(watched)
}
