import { proxy, wrap } from 'comlink'
import type { TokenRecord } from '../../core/generate/token-record.ts'
import { callWorker } from '../data/watch-worker.ts'
import type { BranchEnd, BranchRequest, BranchWorker } from './branch-worker.ts'
import type { LoadedModel, ModelCost, ModelRequest } from './page-model.ts'

/** A token of a text that the reader typed. */
export interface TextToken {
  id: number
  text: string
}

/** A model in a worker of its own, which continues answers. */
export interface BranchEngine {
  readonly request: ModelRequest
  readonly cost: ModelCost
  /** What is known of the model once it is loaded; null before. */
  readonly loaded: Omit<LoadedModel, 'model'> | null
  /** Loads the weights; once is enough. `onBytes` gets how many were read so far. */
  load(onBytes: (readBytes: number) => void): Promise<void>
  encode(text: string): Promise<TextToken[]>
  textsOf(ids: readonly number[]): Promise<string[]>
  run(request: BranchRequest, onToken: (token: TokenRecord) => void): Promise<BranchEnd>
  /** Ends the answer that is under way before its next token. */
  stop(): void
  /** Ends the worker and all that it holds; what it was asked rejects. */
  close(): void
}

/** Starts the worker and opens a model in it, without its weights. Rejects with what is wrong with it in words. */
export async function openBranchEngine(request: ModelRequest): Promise<BranchEngine> {
  const worker = new Worker(new URL('./branch-worker.ts', import.meta.url), {
    type: 'module',
    name: 'branch',
  })
  const remote = wrap<BranchWorker>(worker)
  const closed = Promise.withResolvers<never>()
  const call = callWorker(worker, closed.promise)
  let cost: ModelCost
  try {
    cost = await call(remote.open(request))
  } catch (error) {
    worker.terminate()
    throw error
  }
  let loaded: BranchEngine['loaded'] = null
  return {
    request,
    cost,
    get loaded() {
      return loaded
    },
    async load(onBytes) {
      loaded ??= await call(remote.load(proxy(onBytes)))
    },
    encode: text => call(remote.encode(text)),
    textsOf: ids => call(remote.textsOf(ids)),
    run: (branch, onToken) => call(remote.run(branch, proxy(onToken))),
    stop: () => void remote.stop(),
    close() {
      worker.terminate()
      // A worker that is ended answers no call.
      closed.reject(new Error('The model was closed before it answered; ask again'))
    },
  }
}
