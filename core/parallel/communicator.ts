/**
 * How the ranks of a tensor-parallel group hand each other bytes. Every rank makes the same calls in the same order with
 * the same lengths; each meeting is a barrier for all of them. A rank that fails aborts the group: the others' calls fail.
 */
export interface Communicator {
  readonly rank: number
  readonly ranks: number
  /** Bytes of one rank that a call takes at most. */
  readonly slotBytes: number
  /** Begins a meeting: hands this rank's bytes to the others, and waits for nobody. Their memory is the caller's again. */
  post(mine: Uint8Array): void
  /** Ends it: waits for every rank's bytes, as many as were posted, and puts them into `all`, one after another in rank order. */
  collect(all: Uint8Array): Promise<void>
  /** A meeting at once: every rank's bytes, one after another in rank order, in memory of the caller's own. */
  allGather(mine: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
  /** The element-wise sum of every rank's numbers, added in rank order in f32, in memory of the caller's own. */
  allReduce(mine: Float32Array): Promise<Float32Array<ArrayBuffer>>
  /** Makes every call of this group, running or to come, reject with this reason. */
  abort(reason: string): void
  /** Of ranks of one thread: lets calls work again after an abort, once all ranks have ended what they did. */
  recover?(): void
}

/** A call of a communicator was ended by another rank's failure. */
export class GroupAbortedError extends Error {
  override readonly name = 'GroupAbortedError'
}

/** The communicator of a rank that is alone. */
export function soloCommunicator(): Communicator {
  let posted = new Uint8Array()
  return {
    rank: 0,
    ranks: 1,
    slotBytes: Number.MAX_SAFE_INTEGER,
    post(mine) {
      posted = mine.slice()
    },
    async collect(all) {
      all.set(posted)
    },
    allGather: async mine => new Uint8Array(mine),
    allReduce: async mine => new Float32Array(mine),
    abort() {},
  }
}

/** Communicators of a group whose ranks run on one thread, as devices of one page: they meet by promises. */
export function localCommunicators(ranks: number, slotBytes: number): Communicator[] {
  let waiting: ({ rank: number; bytes: Uint8Array } & PromiseWithResolvers<Uint8Array[]>)[] = []
  let failure: string | null = null

  /** Every rank's bytes, in rank order, when the last has come. */
  async function barrier(rank: number, bytes: Uint8Array): Promise<Uint8Array[]> {
    if (failure !== null) throw new GroupAbortedError(failure)
    const own = { rank, bytes, ...Promise.withResolvers<Uint8Array[]>() }
    waiting.push(own)
    if (waiting.length === ranks) {
      const met = waiting.sort((a, b) => a.rank - b.rank)
      waiting = []
      for (const { resolve } of met) resolve(met.map(one => one.bytes))
    }
    return own.promise
  }

  /** What a rank waits for between post and collect. */
  const posted: Promise<Uint8Array[]>[] = []

  return Array.from({ length: ranks }, (_, rank) => ({
    rank,
    ranks,
    slotBytes,
    post(mine) {
      // A copy, since the caller may reuse its memory before the others have read it.
      posted[rank] = barrier(rank, mine.slice())
      // It is collect that fails.
      posted[rank].catch(() => {})
    },
    async collect(all) {
      let at = 0
      for (const part of await posted[rank]!) {
        all.set(part, at)
        at += part.byteLength
      }
    },
    async allGather(mine) {
      const all = new Uint8Array(ranks * mine.byteLength)
      this.post(mine)
      await this.collect(all)
      return all
    },
    async allReduce(mine) {
      const parts = await barrier(rank, bytesOf(mine).slice())
      const [first, ...others] = parts.map(part => new Float32Array(part.buffer as ArrayBuffer))
      const result = new Float32Array(first!)
      for (const other of others) for (let i = 0; i < result.length; i++) result[i] = result[i]! + other[i]!
      return result
    },
    abort(reason) {
      failure = `rank ${rank} failed: ${reason}`
      for (const { reject } of waiting.splice(0)) reject(new GroupAbortedError(failure))
    },
    recover() {
      failure = null
    },
  }))
}

/** Memory that the ranks of a group share, each in a thread of its own. */
export interface GroupMemory {
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

/** Memory for a group: slots for two calls, so that one barrier a call is enough, and two results of an all-reduce. */
export function createGroupMemory(ranks: number, slotBytes: number): GroupMemory {
  const rounded = Math.ceil(slotBytes / 64) * 64
  const buffer = new SharedArrayBuffer(controlBytes + 2 * (ranks + 1) * rounded)
  return { buffer, ranks, slotBytes: rounded }
}

/**
 * A rank's communicator over shared memory. Waiting blocks the thread: first spinning, where every rank has a core to
 * spin on (`spin`), then asleep. What this rank's device does goes on meanwhile, and is told of only afterwards.
 */
export function sharedMemoryCommunicator(memory: GroupMemory, rank: number, spin: boolean): Communicator {
  const { buffer, ranks, slotBytes } = memory
  const control = new Int32Array(buffer, 0, controlBytes / 4)
  let parity = 0
  let posted = { meeting: 0, sizeBytes: 0 }

  const slotStart = (of: number, slot: number) => controlBytes + (of * (ranks + 1) + slot) * slotBytes
  const throwIfAborted = () => {
    if (Atomics.load(control, aborted) !== 0)
      throw new GroupAbortedError(`rank ${rank}: another rank of the group failed`)
  }

  /** Tells the others that this rank is there; the last to come lets all go on. Returns what `waitFor` takes. */
  function arrive(): number {
    throwIfAborted()
    const before = Atomics.load(control, generation)
    if (Atomics.add(control, arrived, 1) === ranks - 1) {
      Atomics.store(control, arrived, 0)
      Atomics.add(control, generation, 1)
      Atomics.notify(control, generation)
    }
    return before
  }

  /** Waits until all ranks have arrived. */
  function waitFor(before: number): void {
    if (Atomics.load(control, generation) !== before) return
    const spinUntil = spin ? performance.now() + spinMs : 0
    while (Atomics.load(control, generation) === before) {
      if (performance.now() >= spinUntil) Atomics.wait(control, generation, before, sleepMs)
      throwIfAborted()
    }
  }

  function post(mine: Uint8Array): void {
    if (mine.byteLength > slotBytes)
      throw new Error(`exchange: ${mine.byteLength} bytes given, a slot holds ${slotBytes}`)
    parity = 1 - parity
    new Uint8Array(buffer, slotStart(parity, rank), mine.byteLength).set(mine)
    posted = { meeting: arrive(), sizeBytes: mine.byteLength }
  }

  async function collect(all: Uint8Array): Promise<void> {
    const { meeting, sizeBytes } = posted
    waitFor(meeting)
    for (let from = 0; from < ranks; from++)
      all.set(new Uint8Array(buffer, slotStart(parity, from), sizeBytes), from * sizeBytes)
  }

  return {
    rank,
    ranks,
    slotBytes,
    post,
    collect,
    async allGather(mine) {
      const all = new Uint8Array(ranks * mine.byteLength)
      post(mine)
      await collect(all)
      return all
    },
    async allReduce(mine) {
      post(bytesOf(mine))
      waitFor(posted.meeting)
      const of = parity
      const count = mine.length
      const result = new Float32Array(buffer, slotStart(of, ranks), count)
      // Each rank sums its part of the elements, parts as even as can be.
      const first = Math.floor((count * rank) / ranks)
      const end = Math.floor((count * (rank + 1)) / ranks)
      result.set(new Float32Array(buffer, slotStart(of, 0), count).subarray(first, end), first)
      for (let from = 1; from < ranks; from++) {
        const slot = new Float32Array(buffer, slotStart(of, from), count)
        for (let i = first; i < end; i++) result[i] = result[i]! + slot[i]!
      }
      waitFor(arrive())
      return new Float32Array(result)
    },
    abort() {
      Atomics.store(control, aborted, 1)
      Atomics.notify(control, generation)
    },
  }
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
