import type { Device } from './device.ts'
import type { CaseName } from './prepared-kernel.ts'

/** One thing to check against a kernel's float64 reference. */
export interface CheckCase extends CaseName {
  /** Runs the kernel on inputs that are always the same, and compares what it computed. */
  run(device: Device): Promise<Comparison[]>
}

/** How one case did. */
export interface CheckResult extends CaseName {
  /** Null where the case could not be run: `error` says why. */
  comparisons: Comparison[] | null
  error: string | null
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

/** |found − expected| ≤ absolute + relative · |scale|, where scale is expected unless given for each element. */
export interface Tolerance {
  absolute: number
  relative: number
  scale?: ArrayLike<number>
}

/** The bound of every kernel that states no other. */
export const kernelTolerance: Tolerance = { absolute: 1e-5, relative: 1e-5 }

/** An element that is off. */
export interface Mismatch {
  index: number
  expected: number
  found: number
  difference: number
  allowed: number
}

/** Numbers against what was expected of them. */
export interface Comparison {
  what: string
  elements: number
  /** Elements that are off. */
  wrong: number
  /** The worst of them, the worst first. */
  worst: Mismatch[]
  /** The largest difference as a share of what is allowed there; null where only the same bits will do. */
  largestShare: number | null
}

/** Mismatches that a comparison keeps. */
const keptMismatches = 8

/** Compares within a tolerance. Throws where there are more or fewer numbers than expected. */
export function compareClose(
  what: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative, scale = expected }: Tolerance,
): Comparison {
  checkLength(what, found, expected)
  const wrong: Mismatch[] = []
  let largestShare = 0
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(found[index]! - expected[index]!)
    const allowed = absolute + relative * Math.abs(scale[index]!)
    if (difference <= allowed)
      largestShare = Math.max(largestShare, difference === 0 ? 0 : difference / allowed)
    else wrong.push({ index, expected: expected[index]!, found: found[index]!, difference, allowed })
  }
  wrong.sort((a, b) => b.difference / b.allowed - a.difference / a.allowed)
  const [first] = wrong
  return {
    what,
    elements: expected.length,
    wrong: wrong.length,
    worst: wrong.slice(0, keptMismatches),
    largestShare: first ? first.difference / first.allowed : largestShare,
  }
}

/** Compares bit for bit, -0 being other than 0; of millions, in no time. Throws where the numbers of elements differ. */
export function compareBits(what: string, found: ArrayLike<number>, expected: ArrayLike<number>): Comparison {
  checkLength(what, found, expected)
  const worst: Mismatch[] = []
  let wrong = 0
  for (let index = 0; index < expected.length; index++) {
    if (Object.is(found[index], expected[index])) continue
    if (wrong++ >= keptMismatches) continue
    const difference = Math.abs(found[index]! - expected[index]!)
    worst.push({ index, expected: expected[index]!, found: found[index]!, difference, allowed: 0 })
  }
  return { what, elements: expected.length, wrong, worst, largestShare: null }
}

/** A comparison that failed, with its worst elements in aligned rows. */
export function describeMismatch({ what, elements, wrong, worst }: Comparison): string {
  return [
    `${what}: ${wrong} of ${elements} elements are off; the worst:`,
    alignedRow(['index', 'expected', 'found', 'difference', 'allowed']),
    ...worst.map(({ index, expected, found, difference, allowed }) =>
      alignedRow([index, expected, found, difference, allowed]),
    ),
  ].join('\n')
}

/** Cells of a table's row under one another. */
function alignedRow(cells: (string | number)[]): string {
  return cells.map(cell => String(cell).padStart(24)).join('')
}

function checkLength(what: string, found: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (found.length !== expected.length)
    throw new Error(`${what}: ${found.length} elements, expected ${expected.length}`)
}
