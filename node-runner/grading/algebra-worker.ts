// A thread that answers one question of an algebra after the other. It may be terminated at any moment.
import { type MessagePort, parentPort } from 'node:worker_threads'
import { ComputeEngine } from '@cortex-js/compute-engine'
import type { AlgebraVerdict } from '../../core/grade/algebra.ts'
import { equalByEngine } from './equal-by-engine.ts'

/** What the thread is sent: two expressions as MathJSON. */
export interface AlgebraRequest {
  a: string
  b: string
}

/** What the thread sends: that it is ready, once, then a verdict for each request. */
export type AlgebraReply = 'ready' | AlgebraVerdict

// Only in a thread: a module that is merely imported does nothing.
if (parentPort) answerRequests(parentPort)

function answerRequests(port: MessagePort): void {
  const engine = new ComputeEngine()
  port.on('message', ({ a, b }: AlgebraRequest) =>
    port.postMessage(equalByEngine(engine, JSON.parse(a), JSON.parse(b))),
  )
  port.postMessage('ready' satisfies AlgebraReply)
}
