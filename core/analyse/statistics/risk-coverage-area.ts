import type { TieGroups } from './tie-groups.ts'

/**
 * AURC, the area under the risk–coverage curve: the mean over k = 1…n of the share of incorrect answers among the k least uncertain
 * (Geifman and El-Yaniv 2019). Lower is better. Equal scores are averaged over their orders: within a group of ties the expected
 * number of errors rises linearly, so the order of the samples does not matter. Marked is incorrect. Null with no samples.
 */
export function riskCoverageArea({ sizes, marked, total }: TieGroups): number | null {
  if (total === 0) return null
  let kept = 0
  let errors = 0
  let sum = 0
  for (let group = 0; group < sizes.length; group++) {
    const size = sizes[group]!
    const slope = marked[group]! / size
    for (let member = 1; member <= size; member++) sum += (errors + member * slope) / (kept + member)
    kept += size
    errors += marked[group]!
  }
  return sum / total
}
