/**
 * What a device was asked to do, counted where it happens. None of it depends on how fast the machine is, so tests
 * assert it and two versions of a kernel can be compared by it.
 */
export interface Account {
  dispatches: number
  submits: number
  /** Times the host waited for the device: a mapped buffer or an explicit wait. */
  synchronisations: number
  uploadedBytes: number
  downloadedBytes: number
  /** Bytes that kernels must read and write at least once each, by their wrappers' own cost. */
  movedBytes: number
  /** Floating-point operations by the same cost; a fused multiply-add is two. */
  flops: number
  /** Bytes in buffers now. */
  allocatedBytes: number
  peakAllocatedBytes: number
}

/** An account of nothing. */
export function emptyAccount(): Account {
  return {
    dispatches: 0,
    submits: 0,
    synchronisations: 0,
    uploadedBytes: 0,
    downloadedBytes: 0,
    movedBytes: 0,
    flops: 0,
    allocatedBytes: 0,
    peakAllocatedBytes: 0,
  }
}

/** What was counted between two readings; allocations are those of the later one. */
export function accountSince(before: Account, after: Account): Account {
  return {
    dispatches: after.dispatches - before.dispatches,
    submits: after.submits - before.submits,
    synchronisations: after.synchronisations - before.synchronisations,
    uploadedBytes: after.uploadedBytes - before.uploadedBytes,
    downloadedBytes: after.downloadedBytes - before.downloadedBytes,
    movedBytes: after.movedBytes - before.movedBytes,
    flops: after.flops - before.flops,
    allocatedBytes: after.allocatedBytes,
    peakAllocatedBytes: after.peakAllocatedBytes,
  }
}
