import type { Device } from './device.ts'
import type { PreparedKernel } from './prepared-kernel.ts'
import { Recorder } from './recorder.ts'
import { createTimer, type Timer } from './timer.ts'

/** What measures a kernel. */
export interface BenchClock {
  /** `timestamps`: the device's own clock around each dispatch. `wall`: the host's, around submit and wait. */
  readonly kind: 'timestamps' | 'wall'
  /** Milliseconds that one use of the kernel takes, the mean of `repeats` submitted together. */
  timeMs(prepared: PreparedKernel, repeats: number): Promise<number>
  destroy(): void
}

/** Dispatches of a recording at most: 32 repeats of a kernel of up to four. */
const capacity = 128

/** The device's clock where it has one that is exact, as a short use of `probe` shows; else the host's. */
export async function createBenchClock(device: Device, probe: PreparedKernel): Promise<BenchClock> {
  const timer = await createTimer(device, capacity)
  if (!timer) return wallClock(device)
  const nanoseconds = (await timeDispatches(device, timer, probe, 16)).map(time => time.durationNanoseconds)
  if (!isExact(nanoseconds)) {
    timer.destroy()
    return wallClock(device)
  }
  return {
    kind: 'timestamps',
    async timeMs(prepared, repeats) {
      const times = await timeDispatches(device, timer, prepared, repeats)
      return times.reduce((sum, time) => sum + time.durationNanoseconds, 0) / repeats / 1e6
    },
    destroy: () => timer.destroy(),
  }
}

/** The host's clock around submit and wait. */
export function wallClock(device: Device): BenchClock {
  return {
    kind: 'wall',
    async timeMs(prepared, repeats) {
      const recorder = new Recorder(device, 'bench')
      for (let i = 0; i < repeats; i++) prepared.record(recorder)
      const startMs = performance.now()
      recorder.submit()
      await device.idle()
      return (performance.now() - startMs) / repeats
    },
    destroy() {},
  }
}

/** Browsers hide the exact time from pages: every duration is then a multiple of a large step. */
export function isExact(durationsNanoseconds: readonly number[]): boolean {
  return ![65_536, 100_000].some(step => durationsNanoseconds.every(duration => duration % step === 0))
}

async function timeDispatches(device: Device, timer: Timer, prepared: PreparedKernel, repeats: number) {
  const recorder = new Recorder(device, 'bench', timer)
  for (let i = 0; i < repeats; i++) prepared.record(recorder)
  recorder.submit()
  return timer.read()
}
