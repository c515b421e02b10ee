import type { Hardware } from './cost-model.ts'

/** One thing that a prediction takes for granted. */
export interface Assumption {
  name: keyof Hardware
  value: number
  /** In the units of Hardware: bytes, seconds, operations. */
  unit: string
  given: boolean
  /** Whether it was measured on the adapters at hand. */
  measured: boolean
  /** Where the value comes from. */
  reason: string
}

/**
 * What is assumed where nothing is given: an H200 on PCIe 5.0, at the limits its maker states, under Dawn. None of it
 * was measured on that machine, and kernels do not reach the limits of bandwidth and compute.
 */
const defaults: Record<keyof Hardware, Omit<Assumption, 'name' | 'given' | 'measured'>> = {
  memoryBytes: { value: 141e9, unit: 'bytes', reason: 'the memory of an H200' },
  bandwidthBytesPerSecond: {
    value: 4.8e12,
    unit: 'bytes/s',
    reason: "an H200's limit, which kernels do not reach",
  },
  flopsPerSecond: { value: 67e12, unit: 'FLOP/s', reason: "an H200's f32 limit without matrix units" },
  latencySeconds: {
    value: 100e-6,
    unit: 's',
    reason: 'a guess at a meeting of all ranks; 45 µs were measured for one CPU adapter alone',
  },
  linkBytesPerSecond: {
    value: 50e9,
    unit: 'bytes/s',
    reason: 'PCIe 5.0 with 16 lanes, to each adapter at once',
  },
  dispatchSeconds: {
    value: 24e-6,
    unit: 's',
    reason: 'the lower end of 24 to 36 µs reported for Dawn on Vulkan (arXiv 2604.02344)',
  },
}

/** What was measured, and how: the reason that people read. */
export type Measured = Partial<Record<keyof Hardware, { value: number; how: string }>>

/** The assumptions behind predictions: what is given, else what was measured, and defaults for the rest. */
export function assume(given: Partial<Hardware>, measured: Measured = {}): Assumption[] {
  return (Object.keys(defaults) as (keyof Hardware)[]).map(name => {
    const { value, unit, reason } = defaults[name]
    const own = given[name]
    const found = measured[name]
    if (own !== undefined) return { name, value: own, unit, given: true, measured: false, reason: 'given' }
    return found
      ? { name, value: found.value, unit, given: false, measured: true, reason: `measured: ${found.how}` }
      : { name, value, unit, given: false, measured: false, reason }
  })
}

/** The hardware that assumptions describe. */
export function hardwareOf(assumptions: readonly Assumption[]): Hardware {
  return Object.fromEntries(assumptions.map(({ name, value }) => [name, value])) as unknown as Hardware
}
