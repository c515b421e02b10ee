import type { TieGroups } from './tie-groups.ts'

/**
 * AUGRC, the area under the generalised risk–coverage curve (Traub et al. 2024, arXiv 2407.01032): the share of answers that
 * are both kept and incorrect, against the share that is kept, the least uncertain first. It is the mean risk of an undetected
 * error, (1 − AUROC)·a(1 − a) + (1 − a)²/2 with accuracy a. Lower is better. Between thresholds the curve is straight, so ties
 * are averaged. Marked is incorrect. Null with no samples.
 */
export function generalizedRiskCoverageArea({ sizes, marked, total }: TieGroups): number | null {
  if (total === 0) return null
  let errors = 0
  let area = 0
  for (let group = 0; group < sizes.length; group++) {
    area += sizes[group]! * (errors + marked[group]! / 2)
    errors += marked[group]!
  }
  return area / (total * total)
}
