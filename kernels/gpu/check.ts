import type { Comparison } from './compare.ts'
import type { Device } from './device.ts'

/** One thing to check: a kernel, or one of its variants, at one shape, against its float64 reference. */
export interface CheckCase {
  kernel: string
  /** Null for a kernel that has only one. */
  variant: string | null
  shape: string
  /** Runs the kernel on inputs that are always the same, and compares what it computed. */
  run(device: Device): Promise<Comparison[]>
}

/** How one case did. */
export interface CheckResult {
  kernel: string
  variant: string | null
  shape: string
  /** Null where the case could not be run: `error` says why. */
  comparisons: Comparison[] | null
  error: string | null
}

/** A kernel over its shapes. */
export function checkCases<Shape extends { name: string }>(
  kernel: string,
  shapes: readonly Shape[],
  run: (device: Device, shape: Shape) => Promise<Comparison[]>,
): CheckCase[] {
  return shapes.map(shape => ({
    kernel,
    variant: null,
    shape: shape.name,
    run: device => run(device, shape),
  }))
}

/** Each variant of a kernel over its shapes. */
export function checkCasesOfVariants<Shape extends { name: string }, Variant extends string>(
  kernel: string,
  shapes: readonly Shape[],
  variants: readonly Variant[],
  run: (device: Device, shape: Shape, variant: Variant) => Promise<Comparison[]>,
): CheckCase[] {
  return variants.flatMap(variant =>
    shapes.map(shape => ({
      kernel,
      variant,
      shape: shape.name,
      run: (device: Device) => run(device, shape, variant),
    })),
  )
}

/** Runs cases until the time is over. Every kernel and variant has its first shapes checked before any its last ones. */
export async function runChecks(
  device: Device,
  cases: readonly CheckCase[],
  budgetMs: number,
  onResult: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const endMs = performance.now() + budgetMs
  const groups = Map.groupBy(cases, ({ kernel, variant }) => `${kernel} ${variant}`)
  const results: CheckResult[] = []
  const longest = Math.max(0, ...[...groups.values()].map(group => group.length))
  for (let turn = 0; turn < longest; turn++) {
    for (const group of groups.values()) {
      const one = group[turn]
      // Each has at least two of its shapes checked, however little time there is: the first is often a single number.
      if (!one || (turn > 1 && performance.now() >= endMs)) continue
      const result = await runCheck(device, one)
      results.push(result)
      onResult(result)
    }
  }
  return results
}

/** Whether a case ran and all that it computed agrees. */
export function passes({ comparisons }: CheckResult): boolean {
  return comparisons !== null && comparisons.length > 0 && comparisons.every(({ wrong }) => wrong === 0)
}

async function runCheck(device: Device, { kernel, variant, shape, run }: CheckCase): Promise<CheckResult> {
  try {
    return { kernel, variant, shape, comparisons: await run(device), error: null }
  } catch (error) {
    return { kernel, variant, shape, comparisons: null, error: String(error) }
  }
}
