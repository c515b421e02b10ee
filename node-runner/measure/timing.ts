import { quantile } from '../../kernels/gpu/bench.ts'
import type { Device } from '../../kernels/gpu/device.ts'

/** Times of something done again and again: the median and the quartiles. */
export type Spread = ReturnType<typeof spreadOf>

/** The spread of some times. */
export function spreadOf(samplesMs: readonly number[]) {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  return {
    rounds: sorted.length,
    medianMs: quantile(sorted, 0.5),
    lowerQuartileMs: quantile(sorted, 0.25),
    upperQuartileMs: quantile(sorted, 0.75),
  }
}

/** Does something a few times untimed, then `rounds` times timed. */
export async function timeRounds(rounds: number, once: () => Promise<void>): Promise<number[]> {
  for (let round = 0; round < Math.min(5, rounds); round++) await once()
  return timeEach(rounds, once)
}

/** Does something `rounds` times, timed. */
export async function timeEach(rounds: number, once: () => Promise<void>): Promise<number[]> {
  const samplesMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    await once()
    samplesMs.push(performance.now() - startMs)
  }
  return samplesMs
}

/** Milliseconds that bytes take to a device and back: written, copied to a mappable buffer, mapped; nothing is computed. */
export async function timeRoundTrips(device: Device, sizeBytes: number, rounds: number): Promise<number[]> {
  const { COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const written = await device.createBuffer('round trip', sizeBytes, COPY_SRC | COPY_DST)
  const readable = await device.createBuffer('round trip back', sizeBytes, COPY_DST | MAP_READ)
  const bytes = new Uint8Array(sizeBytes)
  const samplesMs = await timeRounds(rounds, async () => {
    device.write(written, 0, bytes)
    const encoder = device.handle.createCommandEncoder({ label: 'round trip' })
    encoder.copyBufferToBuffer(written, 0, readable, 0, sizeBytes)
    device.handle.queue.submit([encoder.finish()])
    await device.readMapped(readable, sizeBytes)
  })
  device.destroyBuffer(written)
  device.destroyBuffer(readable)
  return samplesMs
}
