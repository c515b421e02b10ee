// Measures and checks in a process of its own: a driver that crashes or hangs costs one part of a report, not all of it.
import { openDevice } from '../../kernels/gpu/device.ts'
import { assignAdapters, openRankAdapter } from '../adapter/rank-adapters.ts'
import { checkKernels } from './check-kernels.ts'
import { measureAdapter } from './measure-adapter.ts'
import { measureExchange } from './measure-exchange.ts'
import type { MeasureReply, MeasureRequest } from './run-measurement.ts'

if (process.send) {
  process.once('message', (request: MeasureRequest) => {
    answer(request).then(
      value => reply({ kind: 'done', value }),
      error => reply({ kind: 'failed', name: error.name, message: error.message }),
    )
  })
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel?.ref()
}

async function answer(request: MeasureRequest): Promise<unknown> {
  const adapters = await assignAdapters(request.adapter, request.ranks)
  if (request.kind === 'kernels') return checkKernels(adapters, request.seconds)
  if (request.kind === 'exchange') return measureExchange(adapters, request.widths, request.rounds)
  request satisfies { kind: 'adapter' }
  return measureAdapter(await openDevice(await openRankAdapter(adapters[0]!)))
}

function reply(message: MeasureReply): void {
  process.send?.(message)
}
