import { isUndefined, none, type Statistic } from '../undefined.ts'
import { lackOfClass, type TieGroups } from './ranks.ts'

/** The accuracy that is left when the most uncertain answers are rejected. */
export interface RejectionPoint {
  /** Share of the answers that are rejected, from 0 to just below 1. */
  rejectedShare: number
  /** Share of the kept answers that are correct. */
  accuracy: number
}

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

/**
 * AURC, the area under the risk–coverage curve: the mean over k = 1…n of the share of incorrect answers among the k least uncertain
 * (Geifman and El-Yaniv 2019). Lower is better. Equal scores are averaged over their orders: within a group of ties the expected
 * number of errors rises linearly, so the order of the samples does not matter. Marked is incorrect. Undefined with no samples.
 */
export function riskCoverageArea({ sizes, marked, total }: TieGroups): Statistic {
  if (total === 0) return none({ because: 'no-answers' })
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

/**
 * AUGRC, the area under the generalised risk–coverage curve (Traub et al. 2024, arXiv 2407.01032): the share of answers that
 * are both kept and incorrect, against the share that is kept, the least uncertain first. It is the mean risk of an undetected
 * error, (1 − AUROC)·a(1 − a) + (1 − a)²/2 with accuracy a. Lower is better. Between thresholds the curve is straight, so ties
 * are averaged. Marked is incorrect. Undefined with no samples.
 */
export function generalizedRiskCoverageArea({ sizes, marked, total }: TieGroups): Statistic {
  if (total === 0) return none({ because: 'no-answers' })
  let errors = 0
  let area = 0
  for (let group = 0; group < sizes.length; group++) {
    area += sizes[group]! * (errors + marked[group]! / 2)
    errors += marked[group]!
  }
  return area / (total * total)
}

/**
 * PRR, the prediction rejection ratio (S − S_random)/(S_oracle − S_random), where S is the area under the curve of accuracy against the
 * share of answers rejected, the most uncertain first (Malinin et al. 2017; lm-polygraph with the whole curve). S is 1 − AURC, S_random
 * the accuracy, and the oracle rejects every incorrect answer first. 1 is the oracle, 0 chance, below 0 worse than chance.
 * Marked is incorrect. Undefined when every answer is correct, or none: there is nothing to tell apart. `area` is the AURC, where it is known.
 */
export function predictionRejectionRatio(
  groups: TieGroups,
  area: Statistic = riskCoverageArea(groups),
): Statistic {
  const lack = lackOfClass(groups)
  if (lack || isUndefined(area)) return lack ?? area
  const { total, totalMarked } = groups
  const oracle = {
    sizes: Uint32Array.of(total - totalMarked, totalMarked),
    marked: Uint32Array.of(0, totalMarked),
    total,
    totalMarked,
  }
  const randomRisk = totalMarked / total
  return (randomRisk - area) / (randomRisk - (riskCoverageArea(oracle) as number))
}
