/**
 * How the ranks of a tensor-parallel group hand each other bytes. Every rank makes the same calls in the same order with
 * the same lengths; each call is a meeting of all of them. A rank that fails aborts the group: the others' calls reject.
 */
export interface Exchange {
  readonly rank: number
  readonly ranks: number
  /** Bytes of one rank that a call takes at most. */
  readonly slotBytes: number
  /** Every rank's bytes, one after another in rank order, in memory of the caller's own. */
  gather(mine: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
  /** The element-wise sum of every rank's numbers, added in rank order in f32, in memory of the caller's own. */
  sum(mine: Float32Array): Promise<Float32Array<ArrayBuffer>>
  /** Makes every call of this group, running or to come, reject with this reason. */
  abort(reason: string): void
}

/** A call of an exchange was ended by another rank's failure. */
export class GroupAbortedError extends Error {
  override readonly name = 'GroupAbortedError'
}

/** The exchange of a rank that is alone. */
export function soloExchange(): Exchange {
  return {
    rank: 0,
    ranks: 1,
    slotBytes: Number.MAX_SAFE_INTEGER,
    gather: async mine => new Uint8Array(mine),
    sum: async mine => new Float32Array(mine),
    abort() {},
  }
}

/** Where rank `rank`'s part of `count` elements begins: parts as even as can be. */
export function partStart(count: number, rank: number, ranks: number): number {
  return Math.floor((count * rank) / ranks)
}
