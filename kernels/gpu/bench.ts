import type { BenchClock } from './bench-clock.ts'
import type { Device } from './device.ts'
import { countersSince, type DeviceCounters } from './device.ts'
import type { PreparedKernel } from './prepared-kernel.ts'
import { Recorder } from './recorder.ts'

/** One thing to time: a kernel, or one of its variants, at one shape. */
export interface BenchCase {
  kernel: string
  /** Null for a kernel that has only one. */
  variant: string | null
  shape: string
  prepare(device: Device): Promise<PreparedKernel>
}

/** How one case did. Times are those of one use of the kernel: the median of the rounds, their quartiles and extremes. */
export interface BenchResult {
  kernel: string
  variant: string | null
  shape: string
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

/** A kernel over its shapes. */
export function benchCases<Shape extends { name: string }>(
  kernel: string,
  shapes: readonly Shape[],
  prepare: (device: Device, shape: Shape) => Promise<PreparedKernel>,
): BenchCase[] {
  return shapes.map(shape => ({
    kernel,
    variant: null,
    shape: shape.name,
    prepare: device => prepare(device, shape),
  }))
}

/** Each variant of a kernel over its shapes. */
export function benchCasesOfVariants<Shape extends { name: string }, Variant extends string>(
  kernel: string,
  shapes: readonly Shape[],
  variants: readonly Variant[],
  prepare: (device: Device, shape: Shape, variant: Variant) => Promise<PreparedKernel>,
): BenchCase[] {
  return variants.flatMap(variant =>
    shapes.map(shape => ({
      kernel,
      variant,
      shape: shape.name,
      prepare: (device: Device) => prepare(device, shape, variant),
    })),
  )
}

/** Whether a case's variant is made for this kind of adapter: the serial ones are for CPUs, the others for GPUs. */
export function suitsDevice({ variant }: Pick<BenchCase, 'variant'>, kind: Device['kind']): boolean {
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
  const cost = countersSince(before, device.counters)
  recorder.submit()
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
  { kernel, variant, shape }: Pick<BenchCase, 'kernel' | 'variant' | 'shape'>,
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
