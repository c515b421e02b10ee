import { parentPort, workerData } from 'node:worker_threads'
import { type GroupMemory, sharedMemoryCommunicator } from '../../core/parallel/communicator.ts'

/** What a rank does in a test over shared memory: meet `rounds` times with numbers of its own, or fail at one of them. */
export interface GroupScript {
  memory: GroupMemory
  rank: number
  rounds: number
  /** Numbers of one meeting. */
  count: number
  failsAt: number | null
  spin: boolean
}

/** The numbers of a rank at a meeting. */
export function numbersOf(rank: number, round: number, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sin(1 + i * 7 + rank * 131 + round * 17) * 10 ** (rank % 5),
  )
}

if (parentPort) {
  const { memory, rank, rounds, count, failsAt, spin } = workerData as GroupScript
  const communicator = sharedMemoryCommunicator(memory, rank, spin)
  const gathered: number[][] = []
  const summed: number[][] = []
  let error: string | null = null
  try {
    for (let round = 0; round < rounds; round++) {
      if (round === failsAt) throw new Error('this rank fails')
      const mine = numbersOf(rank, round, count)
      const all = await communicator.allGather(new Uint8Array(mine.buffer))
      gathered.push([...new Float32Array(all.buffer)])
      summed.push([...(await communicator.allReduce(mine))])
    }
  } catch (caught) {
    communicator.abort(String(caught))
    error = `${(caught as Error).name}: ${(caught as Error).message}`
  }
  parentPort.postMessage({ gathered, summed, error })
}
