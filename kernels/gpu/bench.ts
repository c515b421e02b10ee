import { countersSince, type Device, type DeviceCounters } from './device.ts'
import type { CaseName, PreparedKernel } from './prepared-kernel.ts'
import { Recorder } from './recorder.ts'
import { createTimer, type Timer } from './timer.ts'

/** One thing to time. */
export interface BenchCase extends CaseName {
  prepare(device: Device): Promise<PreparedKernel>
}

/** How one case did. Times are those of one use of the kernel: the median of the rounds, their quartiles and extremes. */
export interface BenchResult extends CaseName {
  rounds: number
  /** Uses of the kernel whose mean is a round's time. */
  repeats: number
  medianMs: number
  lowerQuartileMs: number
  upperQuartileMs: number
  minMs: number
  maxMs: number
  /** Of the bytes that must be moved at least, at the median. */
  gigabytesPerSecond: number
  gigaflopsPerSecond: number
}

/** How long to measure. */
export interface BenchSettings {
  /** Time for the rounds of one case; at least three are made. */
  budgetMs: number
  maxRounds: number
}

/** Whether a case's variant is made for this kind of adapter: the serial ones are for CPUs, the others for GPUs. */
export function suitsDevice({ variant }: Pick<CaseName, 'variant'>, kind: Device['kind']): boolean {
  return variant === null || (variant === 'serial') === (kind === 'cpu')
}

/** Time of a round that the clock's steps and the start of a submit do not blur. */
const roundMs = 2
const minRounds = 3
const maxRepeats = 32

/**
 * Times cases in interleaved rounds, so that a slower minute of the machine falls on all of them: one kernel's cases at
 * once, since all their tensors are held. Each round goes over the cases that have time left.
 */
export async function measureCases(
  device: Device,
  clock: BenchClock,
  cases: readonly BenchCase[],
  settings: BenchSettings,
): Promise<BenchResult[]> {
  const running = []
  for (const benchCase of cases) running.push(await startCase(device, clock, benchCase))
  for (let round = 0; round < settings.maxRounds; round++) {
    for (const run of running) {
      const spentMs = run.samplesMs.reduce((sum, ms) => sum + ms * run.repeats, 0)
      if (round >= minRounds && spentMs >= settings.budgetMs) continue
      run.samplesMs.push(await clock.timeMs(run.prepared, run.repeats))
    }
  }
  return running.map(run => {
    run.prepared.destroy()
    return summarise(run.benchCase, run.samplesMs, run.repeats, run.cost)
  })
}

/** Compiles a case, counts what one use of it costs, and finds how many uses make a round. */
async function startCase(device: Device, clock: BenchClock, benchCase: BenchCase) {
  const prepared = await benchCase.prepare(device)
  const before = { ...device.counters }
  const recorder = new Recorder(device, 'bench warm-up')
  prepared.record(recorder)
  recorder.submit()
  const cost = countersSince(before, device.counters)
  await device.idle()
  // The least of three, since one may be disturbed; of a slow kernel, for which repeats are out of the question, one.
  let onceMs = await clock.timeMs(prepared, 1)
  for (let trial = 1; trial < 3 && onceMs < 10 * roundMs; trial++)
    onceMs = Math.min(onceMs, await clock.timeMs(prepared, 1))
  const repeats = Math.min(maxRepeats, Math.max(1, Math.ceil(roundMs / onceMs)))
  return { benchCase, prepared, cost, repeats, samplesMs: [] as number[] }
}

/** A case's result from the times of its rounds and what one use of the kernel costs. */
export function summarise(
  { kernel, variant, shape }: CaseName,
  samplesMs: readonly number[],
  repeats: number,
  cost: Pick<DeviceCounters, 'movedBytes' | 'flops'>,
): BenchResult {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  const medianMs = quantile(sorted, 0.5)
  return {
    kernel,
    variant,
    shape,
    rounds: sorted.length,
    repeats,
    medianMs,
    lowerQuartileMs: quantile(sorted, 0.25),
    upperQuartileMs: quantile(sorted, 0.75),
    minMs: quantile(sorted, 0),
    maxMs: quantile(sorted, 1),
    gigabytesPerSecond: cost.movedBytes / medianMs / 1e6,
    gigaflopsPerSecond: cost.flops / medianMs / 1e6,
  }
}

/** Quantile of ascending numbers, interpolated between the two nearest. */
export function quantile(sorted: readonly number[], fraction: number): number {
  const at = fraction * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

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
