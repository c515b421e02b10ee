import { type Exchange, GroupAbortedError, partStart } from './exchange.ts'

/** Memory that the ranks of a group share, each in a thread of its own. */
export interface SharedExchangeMemory {
  buffer: SharedArrayBuffer
  ranks: number
  slotBytes: number
}

/** Words of the control block: arrivals at the barrier, its generation, whether the group is aborted. */
const arrived = 0
const generation = 1
const aborted = 2
const controlBytes = 64

/** How long a rank spins before it sleeps, and how long it sleeps before it looks whether the group is aborted. */
const spinMs = 0.2
const sleepMs = 50

/** Memory for a group: slots for two meetings, so that one barrier a meeting is enough, and two results of a sum. */
export function createSharedExchange(ranks: number, slotBytes: number): SharedExchangeMemory {
  const rounded = Math.ceil(slotBytes / 64) * 64
  return {
    buffer: new SharedArrayBuffer(controlBytes + 2 * (ranks + 1) * rounded),
    ranks,
    slotBytes: rounded,
  }
}

/**
 * A rank's end of a shared exchange. Waiting blocks the thread: first spinning, where the machine has a core for every
 * rank (`spin`), then asleep. Nothing of this rank's device may be pending meanwhile, and nothing is: a rank meets the
 * others only with its own bytes in hand.
 */
export function joinSharedExchange(memory: SharedExchangeMemory, rank: number, spin: boolean): Exchange {
  const { buffer, ranks, slotBytes } = memory
  const control = new Int32Array(buffer, 0, controlBytes / 4)
  let parity = 0

  const slotStart = (of: number, slot: number) => controlBytes + (of * (ranks + 1) + slot) * slotBytes
  const throwIfAborted = () => {
    if (Atomics.load(control, aborted) !== 0)
      throw new GroupAbortedError(`rank ${rank}: another rank of the group failed`)
  }

  function meet(): void {
    throwIfAborted()
    const before = Atomics.load(control, generation)
    if (Atomics.add(control, arrived, 1) === ranks - 1) {
      Atomics.store(control, arrived, 0)
      Atomics.add(control, generation, 1)
      Atomics.notify(control, generation)
      return
    }
    const spinUntil = spin ? performance.now() + spinMs : 0
    while (Atomics.load(control, generation) === before) {
      if (performance.now() >= spinUntil) Atomics.wait(control, generation, before, sleepMs)
      throwIfAborted()
    }
  }

  function put(bytes: Uint8Array): number {
    if (bytes.byteLength > slotBytes)
      throw new Error(`exchange: ${bytes.byteLength} bytes given, a slot holds ${slotBytes}`)
    parity = 1 - parity
    new Uint8Array(buffer, slotStart(parity, rank), bytes.byteLength).set(bytes)
    return parity
  }

  return {
    rank,
    ranks,
    slotBytes,
    async gather(mine) {
      const of = put(mine)
      meet()
      const all = new Uint8Array(ranks * mine.byteLength)
      for (let from = 0; from < ranks; from++)
        all.set(new Uint8Array(buffer, slotStart(of, from), mine.byteLength), from * mine.byteLength)
      return all
    },
    async sum(mine) {
      const of = put(new Uint8Array(mine.buffer, mine.byteOffset, mine.byteLength))
      meet()
      const count = mine.length
      const result = new Float32Array(buffer, slotStart(of, ranks), count)
      const first = partStart(count, rank, ranks)
      const end = partStart(count, rank + 1, ranks)
      result.set(new Float32Array(buffer, slotStart(of, 0), count).subarray(first, end), first)
      for (let from = 1; from < ranks; from++) {
        const slot = new Float32Array(buffer, slotStart(of, from), count)
        for (let i = first; i < end; i++) result[i] = result[i]! + slot[i]!
      }
      meet()
      return new Float32Array(result)
    },
    abort() {
      Atomics.store(control, aborted, 1)
      Atomics.notify(control, generation)
    },
  }
}
