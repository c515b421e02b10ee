import type { TieGroups } from './tie-groups.ts'

/** The accuracy that is left when the most uncertain answers are rejected. */
export interface RejectionPoint {
  /** Share of the answers that are rejected, from 0 to just below 1. */
  rejectedShare: number
  /** Share of the kept answers that are correct. */
  accuracy: number
}

/** At most this many points of the curve are kept. */
const mostPoints = 100

/**
 * The rejection curve: accuracy of the answers that are kept when the most uncertain ones are rejected, from all kept to the fewest;
 * every number of kept answers, or 100 of them evenly spaced. Ties are averaged over their orders. Marked is incorrect.
 */
export function rejectionCurve({ sizes, marked, total }: TieGroups): RejectionPoint[] {
  const points: RejectionPoint[] = []
  const count = Math.min(total, mostPoints)
  let group = 0
  let kept = 0
  let errors = 0
  for (let point = 1; point <= count; point++) {
    const target = Math.round((point * total) / count)
    while (kept + sizes[group]! < target) {
      kept += sizes[group]!
      errors += marked[group]!
      group++
    }
    const errorsKept = errors + ((target - kept) * marked[group]!) / sizes[group]!
    points.push({ rejectedShare: 1 - target / total, accuracy: 1 - errorsKept / target })
  }
  return points.reverse()
}
