import { type Exchange, GroupAbortedError } from './exchange.ts'

/** Exchanges of a group whose ranks run on one thread, as devices of one page: they meet by promises. */
export function createLocalExchanges(ranks: number, slotBytes: number): Exchange[] {
  let waiting: { rank: number; bytes: Uint8Array; settle: Settle }[] = []
  let failure: string | null = null

  function meet(rank: number, bytes: Uint8Array): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => {
      if (failure !== null) return reject(new GroupAbortedError(failure))
      waiting.push({ rank, bytes, settle: { resolve, reject } })
      if (waiting.length < ranks) return
      const met = waiting.sort((a, b) => a.rank - b.rank)
      waiting = []
      for (const { settle } of met) settle.resolve(met.map(one => one.bytes))
    })
  }

  return Array.from({ length: ranks }, (_, rank) => ({
    rank,
    ranks,
    slotBytes,
    async gather(mine) {
      // A copy, since the caller may reuse its memory before the others have read it.
      const parts = await meet(rank, new Uint8Array(mine))
      const all = new Uint8Array(ranks * mine.byteLength)
      for (const [from, part] of parts.entries()) all.set(part, from * mine.byteLength)
      return all
    },
    async sum(mine) {
      const parts = await meet(rank, new Uint8Array(mine.buffer, mine.byteOffset, mine.byteLength).slice())
      const [first, ...others] = parts.map(part => new Float32Array(part.buffer as ArrayBuffer))
      const result = new Float32Array(first!)
      for (const other of others) for (let i = 0; i < result.length; i++) result[i] = result[i]! + other[i]!
      return result
    },
    abort(reason) {
      failure = `rank ${rank} failed: ${reason}`
      for (const { settle } of waiting.splice(0)) settle.reject(new GroupAbortedError(failure))
    },
  }))
}

interface Settle {
  resolve(parts: Uint8Array[]): void
  reject(error: Error): void
}
