import { Worker } from 'node:worker_threads'
import type { Algebra, AlgebraVerdict } from '../../core/grade/algebra.ts'
import type { AlgebraReply, AlgebraRequest } from './algebra-worker.ts'

const maximumRemembered = 10_000

/** An algebra in a thread of its own. */
export interface OpenAlgebra extends Algebra {
  /** Ends the thread. The algebra may be used again after it. */
  close(): Promise<void>
}

/**
 * A computer algebra in a worker thread, which starts with the first question, takes one question at a time, and does not
 * keep the process alive. A question that takes longer than `answerMs` ends the thread, whatever it is doing, and is not known; the
 * next one starts another. Loading has a time of its own, `loadMs`. Verdicts are remembered.
 */
export function openAlgebra({ answerMs = 2_000, loadMs = 30_000 } = {}): OpenAlgebra {
  const remembered = new Map<string, Promise<AlgebraVerdict>>()
  let worker: Worker | null = null
  let last: Promise<unknown> = Promise.resolve()

  async function answer(request: AlgebraRequest): Promise<AlgebraVerdict> {
    if (worker === null) {
      const started = new Worker(new URL('./algebra-worker.ts', import.meta.url), {
        name: 'algebra',
        // None of the process's own: some are for its main program only.
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: 512 },
      })
      worker = started
      // An error without a listener would end the process; who waits for a reply listens as well.
      started.on('error', () => {})
      started.once('exit', () => {
        if (worker === started) worker = null
      })
      const loaded = await nextReply(started, loadMs, 'load')
      if (loaded !== 'ready') return abandon(started, loaded as AlgebraVerdict)
    }
    const current = worker
    if (current === null) return { equal: null, by: 'as algebra ended' }
    current.ref()
    current.postMessage(request)
    const verdict = (await nextReply(current, answerMs, 'answer')) as AlgebraVerdict
    current.unref()
    return verdict.equal === null ? abandon(current, verdict) : verdict
  }

  async function abandon(ended: Worker, verdict: AlgebraVerdict): Promise<AlgebraVerdict> {
    if (worker === ended) worker = null
    await ended.terminate()
    return verdict
  }

  return {
    equivalent(a, b) {
      const key = `${a} ${b}`
      const before = remembered.get(key)
      if (before) return before
      if (remembered.size >= maximumRemembered) remembered.clear()
      const verdict = last.then(() => answer({ a, b }))
      last = verdict
      remembered.set(key, verdict)
      return verdict
    },
    async close() {
      await last
      await worker?.terminate()
      worker = null
    },
  }
}

/** The thread's next message, or what kept it from coming as a verdict of null. */
function nextReply(worker: Worker, timeoutMs: number, task: 'load' | 'answer'): Promise<AlgebraReply> {
  return new Promise(resolve => {
    const settle = (reply: AlgebraReply) => {
      clearTimeout(timer)
      worker.off('message', settle).off('error', fail).off('exit', exit)
      resolve(reply)
    }
    const fail = (error: Error) =>
      settle({ equal: null, by: `as algebra failed to ${task} (${error.message})` })
    const exit = () => settle({ equal: null, by: `as algebra ended before its ${task}` })
    const giveUp = () => settle({ equal: null, by: `as algebra gave up after ${timeoutMs / 1_000} s` })
    const timer = setTimeout(giveUp, timeoutMs)
    worker.on('message', settle).on('error', fail).on('exit', exit)
  })
}
