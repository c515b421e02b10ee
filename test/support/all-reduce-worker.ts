// A rank that times all-reduces in a thread of its own, after the plain round trip of one adapter on rank 0.
import { availableParallelism } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { StepContext } from '../../core/model/step-context.ts'
import { type GroupMemory, sharedMemoryCommunicator } from '../../core/parallel/communicator.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { createTensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { openRankAdapter, type RankAdapter } from '../../node-runner/adapter/rank-adapters.ts'

/** What a rank is started with. */
export interface AllReduceScript {
  memory: GroupMemory
  rank: number
  adapter: RankAdapter
  width: number
  rounds: number
}

/** Milliseconds of each round, and what the all-reduces counted. */
export interface AllReduceTimes {
  plainMs: number[]
  allReduceMs: number[]
  submits: number
  synchronisations: number
}

async function timed(rounds: number, once: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    await once()
    times.push(performance.now() - started)
  }
  return times
}

/** Write, copy, map: what the bytes of one rank cost without any other. */
async function plainRoundTrip(device: Device, width: number, rounds: number): Promise<number[]> {
  const { COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const source = await device.createBuffer('plain source', width * 4, COPY_SRC | COPY_DST)
  const readable = await device.createBuffer('plain readable', width * 4, MAP_READ | COPY_DST)
  const numbers = new Float32Array(width).fill(1)
  return timed(rounds, async () => {
    device.write(source, 0, numbers)
    const encoder = device.handle.createCommandEncoder({ label: 'plain copy' })
    encoder.copyBufferToBuffer(source, 0, readable, 0, width * 4)
    device.handle.queue.submit([encoder.finish()])
    await device.readMapped(readable, width * 4)
  })
}

async function run({ memory, rank, adapter, width, rounds }: AllReduceScript): Promise<AllReduceTimes> {
  const communicator = sharedMemoryCommunicator(memory, rank, availableParallelism() >= memory.ranks)
  const device = await openDevice(await openRankAdapter(adapter))
  const context = await StepContext.create(device, communicator, 1, width)
  const partial = await tensorFrom(
    device,
    'partial',
    [1, width],
    new Float32Array(width).fill(1 / (rank + 1)),
  )
  const weight = await tensorFrom(device, 'weight', [width], new Float32Array(width).fill(1))
  const x = await createTensor(device, 'x', 'f32', [1, width])
  const y = await createTensor(device, 'y', 'f32', [1, width])
  const plainMs = rank === 0 ? await plainRoundTrip(device, width, rounds) : []
  const plan = context.allReducePlan({ x, partial, isFirst: true, weight, y, epsilon: 1e-6 })
  const once = () => context.run(plan)
  // Compiles the kernel, and lets every rank arrive.
  for (let warmUp = 0; warmUp < 3; warmUp++) await once()
  const { submits, synchronisations } = device.counters
  const allReduceMs = await timed(rounds, once)
  const times = {
    plainMs,
    allReduceMs,
    submits: device.counters.submits - submits,
    synchronisations: device.counters.synchronisations - synchronisations,
  }
  await device.idle()
  return times
}

if (parentPort) parentPort.postMessage(await run(workerData as AllReduceScript))
