import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AdapterChoice } from '../adapter/dawn.ts'
import { NoAdapterError } from '../adapter/no-adapter-error.ts'
import type { KernelReport } from './check-kernels.ts'
import type { AdapterMeasurement } from './measure-adapter.ts'
import type { ExchangeMeasurement } from './measure-exchange.ts'

/** What a measuring process is asked, and on which ranks' adapters. */
export type MeasureRequest = { adapter: AdapterChoice; ranks: number } & (
  | { kind: 'kernels'; seconds: number }
  | { kind: 'adapter' }
  | { kind: 'exchange'; widths: number[]; rounds: number }
)

/** What it answers to each kind of question. */
export interface MeasureResults {
  kernels: KernelReport[]
  adapter: AdapterMeasurement
  exchange: ExchangeMeasurement[]
}

/** From the measuring process. */
export type MeasureReply =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; name: string; message: string }

/** Has something measured or checked by a process of its own. Throws what it met there, or that it died or hung. */
export async function runMeasurement<Kind extends MeasureRequest['kind']>(
  request: Extract<MeasureRequest, { kind: Kind }>,
  limitMs: number,
): Promise<MeasureResults[Kind]> {
  const child = fork(new URL('./measure-process.ts', import.meta.url), { serialization: 'advanced' })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const ended = once(child, 'exit')
  try {
    let reply: MeasureReply | null = null
    child.on('error', () => {})
    child.on('message', (message: MeasureReply) => {
      reply = message
      // Nothing of it is wanted any more, and leaving Dawn in an orderly way takes long with many devices.
      child.kill('SIGKILL')
    })
    child.send(request, () => {})
    const startMs = performance.now()
    const [code, signal] = await ended
    const answer = reply as MeasureReply | null
    if (answer?.kind === 'done') return answer.value as MeasureResults[Kind]
    if (answer?.kind === 'failed')
      throw answer.name === 'NoAdapterError' ? new NoAdapterError(answer.message) : new Error(answer.message)
    throw new Error(
      performance.now() - startMs >= limitMs
        ? `the measuring process gave no answer in ${limitMs / 1000} s`
        : `the measuring process ended with ${signal ?? `code ${code}`}`,
    )
  } finally {
    clearTimeout(timer)
  }
}
