// A rank that times all-reduces in a thread of its own, and between them, on rank 0, plain round trips of its device alone.
import { parentPort, workerData } from 'node:worker_threads'
import { StepContext } from '../../core/model/step-context.ts'
import { type GroupMemory, sharedMemoryCommunicator } from '../../core/parallel/communicator.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { createTensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { openNullAdapter } from '../../node-runner/adapter/dawn.ts'
import { maySpin, openRankAdapter, type RankAdapter } from '../../node-runner/adapter/rank-adapters.ts'

/** What a rank is started with. */
export interface AllReduceScript {
  memory: GroupMemory
  rank: number
  /** Null for the adapter that computes nothing: what is left is what the host does. */
  adapter: RankAdapter | null
  width: number
  /** Of each kind, in turns of so many at a time. */
  rounds: number
  atATime: number
}

/** Milliseconds of each round, and what the all-reduces counted. */
export interface AllReduceTimes {
  plainMs: number[]
  allReduceMs: number[]
  submits: number
  synchronisations: number
}

/** Write, copy, submit, map: what the bytes of one rank cost without any other. */
async function plainRoundTrip(device: Device, width: number): Promise<() => Promise<void>> {
  const { COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const source = await device.createBuffer('plain source', width * 4, COPY_SRC | COPY_DST)
  const readable = await device.createBuffer('plain readable', width * 4, MAP_READ | COPY_DST)
  const numbers = new Float32Array(width).fill(1)
  return async () => {
    device.write(source, 0, numbers)
    const encoder = device.handle.createCommandEncoder({ label: 'plain copy' })
    encoder.copyBufferToBuffer(source, 0, readable, 0, width * 4)
    device.handle.queue.submit([encoder.finish()])
    await device.readMapped(readable, width * 4)
  }
}

async function run(script: AllReduceScript): Promise<AllReduceTimes> {
  const { memory, rank, adapter, width, rounds, atATime } = script
  const spins = maySpin(adapter ?? { kind: 'gpu' }, memory.ranks)
  const communicator = sharedMemoryCommunicator(memory, rank, spins)
  const device = await openDevice(
    adapter ? await openRankAdapter(adapter, { sleeps: !spins }) : await openNullAdapter(),
  )
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
  const plan = context.allReducePlan({ x, partial, isFirst: true, weight, y, epsilon: 1e-6 })
  const allReduce = () => context.run([plan])
  const plain = await plainRoundTrip(device, width)
  const meet = () => communicator.allGather(new Uint8Array(4))

  const timed = async (times: number[], once: () => Promise<void>) => {
    for (let round = 0; round < atATime; round++) {
      const started = performance.now()
      await once()
      times.push(performance.now() - started)
    }
  }
  const times: AllReduceTimes = { plainMs: [], allReduceMs: [], submits: 0, synchronisations: 0 }
  // The first turn compiles the kernel, and the host's code.
  for (let round = -atATime; round < rounds; round += atATime) {
    const before = { ...device.counters }
    await timed(times.allReduceMs, allReduce)
    times.submits += device.counters.submits - before.submits
    times.synchronisations += device.counters.synchronisations - before.synchronisations
    if (rank === 0) await timed(times.plainMs, plain)
    // The others sleep until it has come.
    await meet()
  }
  await device.idle()
  return {
    plainMs: times.plainMs.slice(atATime),
    allReduceMs: times.allReduceMs.slice(atATime),
    submits: times.submits / (rounds + atATime),
    synchronisations: times.synchronisations / (rounds + atATime),
  }
}

if (parentPort) parentPort.postMessage(await run(workerData as AllReduceScript))
