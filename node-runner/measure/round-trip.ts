import type { Device } from '../../kernels/gpu/device.ts'
import { timeRounds } from './spread.ts'

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
