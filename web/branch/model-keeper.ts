import { proxy, wrap } from 'comlink'
import { httpModelName } from '../../core/model/model-name.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import type { OpenRun } from '../data/open-run.ts'
import { callWorker } from '../data/watch-worker.ts'
import { branchSettings, modelAddress, whyNoBranches } from './branch-settings.ts'
import type { BranchRequest, BranchWorker, ModelFacts } from './branch-worker.ts'
import { bytesText, keptBytes, removeKept } from './kept-files.ts'
import type { ModelRequest } from './page-model.ts'

/** What goes on with branches. */
export type BranchStatus =
  | { kind: 'idle' }
  /** With `total`, `done` bytes of it are read. */
  | { kind: 'working'; text: string; done?: number; total?: number }
  /** Waits for an answer. */
  | { kind: 'asking'; text: string }
  | { kind: 'failed'; text: string }

/** The model that makes branches. */
export interface BranchModel extends ModelFacts {
  name: string
  /** Whether its weights are those of the run; null where the run does not say. */
  isRuns: boolean | null
}

/** A model of so many bytes is loaded without asking. */
const unaskedBytes = 64 * 10 ** 6

/**
 * Keeps the model that is at hand for a run's answers: opened when something is asked of its tokenizer, loaded when it is to
 * compute. `tell` is told what goes on.
 */
export function createModelKeeper(run: OpenRun, tell: (status: BranchStatus) => void) {
  let opening: Promise<BranchEngine> | null = null
  let engine: BranchEngine | null = null
  let isLoading = false
  let answer: (isWanted: boolean) => void = () => {}
  let kept = 0

  /** The engine, without weights unless they were loaded before. Rejects with what is in the way in words. */
  function open(): Promise<BranchEngine> {
    const reason = whyNoBranches(run.facts)
    if (reason !== null) return Promise.reject(new Error(reason))
    opening ??= openNew()
    return opening
  }

  function openNew(): Promise<BranchEngine> {
    const own: Promise<BranchEngine> = openBranchEngine({
      address: modelAddress()!,
      ...branchSettings(run),
    }).then(opened => {
      if (opening === own) engine = opened
      // Closed while it was being opened.
      else opened.close()
      return opened
    })
    own.catch(() => {
      // The next one tries again.
      if (opening === own) opening = null
    })
    return own
  }

  function close(): void {
    engine?.close()
    engine = opening = null
  }

  /** A result of the engine; where it fails, the next one begins with a new worker and a new device. */
  async function trust<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      close()
      throw error
    }
  }

  async function countKept(): Promise<void> {
    kept = await keptBytes()
  }

  function ask(text: string): Promise<boolean> {
    const asked = Promise.withResolvers<boolean>()
    answer = asked.resolve
    tell({ kind: 'asking', text })
    return asked.promise
  }

  return {
    /** The model that is loaded; null before one is. */
    get model(): BranchModel | null {
      if (!engine?.loaded) return null
      const recorded = run.facts?.weightDigest ?? null
      const { weightDigest } = engine.loaded
      return {
        name: httpModelName(engine.request.address),
        ...engine.loaded,
        isRuns: recorded === null ? null : recorded === weightDigest,
      }
    },
    /** Bytes of models that this browser keeps for the page, as they were counted last. */
    get keptBytes() {
      return kept
    },
    countKept,
    /** Removes them. Rejects, in words, where one is being read. */
    async removeKept(): Promise<void> {
      await removeKept()
      await countKept()
    },
    open,
    /**
     * The engine with its weights; null where the reader would rather not load a model of such a size, or where `isWanted`
     * says that nobody waits for it any more.
     */
    async load(isWanted: () => boolean): Promise<BranchEngine | null> {
      // A run that goes on may have got a longer prompt.
      if (engine && engine.request.longestTokens < branchSettings(run).longestTokens) close()
      tell({ kind: 'working', text: 'Opening the model' })
      const opened = await open()
      if (opened.loaded) return opened
      if (!isWanted()) return null
      const { weightBytes, keptBytes, deviceBytes } = opened.cost
      const name = httpModelName(opened.request.address)
      const kept = keptBytes === 0 ? '' : `, of which this browser keeps ${bytesText(keptBytes)},`
      const cost =
        `${name} has ${bytesText(weightBytes)} of weights to load${kept || ','} and will take about ${bytesText(deviceBytes)} ` +
        "of the GPU's memory."
      if (weightBytes > unaskedBytes && !(await ask(cost))) return null
      const loading = (done: number) =>
        tell({ kind: 'working', text: `Loading ${name}`, done, total: weightBytes })
      loading(0)
      isLoading = true
      try {
        await trust(opened.load(loading))
      } finally {
        isLoading = false
        await countKept()
      }
      return opened
    },
    /** What was asked: whether to load a model of such a size. */
    answer: (isWanted: boolean) => answer(isWanted),
    trust,
    /** Ends the answer or the loading that is under way, and takes a question for answered with no. */
    stop() {
      answer(false)
      // Loading has no other end: a large model would be fetched to its last byte.
      if (isLoading) close()
      else engine?.stop()
    },
    close,
  }
}

type BranchEngine = Awaited<ReturnType<typeof openBranchEngine>>

/**
 * Opens a model, without its weights, in a worker of its own, which continues answers. Rejects with what is wrong with it in
 * words.
 */
async function openBranchEngine(request: ModelRequest) {
  const worker = new Worker(new URL('./branch-worker.ts', import.meta.url), {
    type: 'module',
    name: 'branch',
  })
  const remote = wrap<BranchWorker>(worker)
  const closed = Promise.withResolvers<never>()
  const call = callWorker(worker, closed.promise)
  const cost = await call(remote.open(request)).catch(error => {
    worker.terminate()
    throw error
  })
  let loaded: ModelFacts | null = null
  return {
    request,
    cost,
    /** What is known of the model once it is loaded; null before. */
    get loaded() {
      return loaded
    },
    /** Loads the weights; once is enough. `onBytes` gets how many were read so far. */
    async load(onBytes: (readBytes: number) => void): Promise<void> {
      loaded ??= await call(remote.load(proxy(onBytes)))
    },
    encode: (text: string) => call(remote.encode(text)),
    textsOf: (ids: readonly number[]) => call(remote.textsOf(ids)),
    run: (branch: BranchRequest, onToken: (token: TokenRecord) => void) =>
      call(remote.run(branch, proxy(onToken))),
    /** Ends the answer that is under way before its next token. */
    stop: () => void remote.stop(),
    /** Ends the worker and all that it holds; what it was asked rejects. */
    close() {
      worker.terminate()
      // A worker that is ended answers no call.
      closed.reject(new Error('The model was closed before it answered; ask again'))
    },
  }
}
