// A thread that answers one question of an algebra after the other. It may be terminated at any moment.
import { parentPort } from 'node:worker_threads'
import { ComputeEngine } from '@cortex-js/compute-engine'
import type { AlgebraVerdict } from '../../core/evaluate/grading/algebra.ts'
import { equalByEngine } from './equal-by-engine.ts'

/** What the thread is sent: two expressions as MathJSON. */
export interface AlgebraRequest {
  a: string
  b: string
}

/** What the thread sends: that it is ready, once, then a verdict for each request. */
export type AlgebraReply = 'ready' | AlgebraVerdict

if (parentPort === null) throw new Error('algebra-worker: runs in a worker thread only')
const port = parentPort
const engine = new ComputeEngine()
port.on('message', ({ a, b }: AlgebraRequest) =>
  port.postMessage(equalByEngine(engine, JSON.parse(a), JSON.parse(b))),
)
port.postMessage('ready' satisfies AlgebraReply)
