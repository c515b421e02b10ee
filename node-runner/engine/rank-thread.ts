import { Worker } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
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
