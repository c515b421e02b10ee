import type { Device } from './device.ts'
import type { PassTimer } from './plan.ts'

/** Times of single dispatches by the device's own clock. Where the adapter has no timestamps, `createTimer` gives null. */
export interface Timer extends PassTimer {
  /** Reads the times of the last recording: one synchronisation. */
  read(): Promise<{ label: string; durationNanoseconds: number }[]>
  destroy(): void
}

/** Makes a timer for at most `capacity` dispatches a recording. */
export async function createTimer(device: Device, capacity: number): Promise<Timer | null> {
  if (!device.handle.features.has('timestamp-query')) return null
  const querySet = device.handle.createQuerySet({ label: 'timer', type: 'timestamp', count: capacity * 2 })
  const sizeBytes = capacity * 2 * 8
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const resolved = await device.createBuffer('timer resolved', sizeBytes, QUERY_RESOLVE | COPY_SRC)
  const readable = await device.createBuffer('timer readable', sizeBytes, COPY_DST | MAP_READ)
  let labels: string[] = []
  return {
    next(label) {
      if (labels.length >= capacity)
        throw new Error(`timer: more than ${capacity} dispatches in one recording`)
      const beginningOfPassWriteIndex = labels.length * 2
      labels.push(label)
      return {
        label,
        timestampWrites: {
          querySet,
          beginningOfPassWriteIndex,
          endOfPassWriteIndex: beginningOfPassWriteIndex + 1,
        },
      }
    },
    resolve(encoder) {
      if (labels.length === 0) return
      encoder.resolveQuerySet(querySet, 0, labels.length * 2, resolved, 0)
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, labels.length * 16)
    },
    async read() {
      const times = new BigInt64Array(await device.readMapped(readable, labels.length * 16))
      const read = labels.map((label, i) => ({
        label,
        durationNanoseconds: Number((times[i * 2 + 1] ?? 0n) - (times[i * 2] ?? 0n)),
      }))
      labels = []
      return read
    },
    destroy() {
      querySet.destroy()
      device.destroyBuffer(resolved)
      device.destroyBuffer(readable)
    },
  }
}
