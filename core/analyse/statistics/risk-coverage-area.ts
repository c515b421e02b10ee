import { checkSameLength } from './check-same-length.ts'
import { tieGroups } from './tie-groups.ts'

/**
 * AURC, the area under the risk–coverage curve: the mean over k = 1…n of the share of incorrect answers among the k least uncertain
 * (Geifman and El-Yaniv 2019). Lower is better. Equal scores are averaged over their orders: within a group of ties the expected
 * number of errors rises linearly, so the order of the samples does not matter.
 * Null with no samples. Throws a RangeError when the columns differ in length.
 */
export function riskCoverageArea(
  uncertainty: readonly number[],
  incorrect: readonly boolean[],
): number | null {
  checkSameLength('risk-coverage-area', uncertainty, incorrect)
  if (uncertainty.length === 0) return null
  let kept = 0
  let errors = 0
  let sum = 0
  for (const group of tieGroups(uncertainty, incorrect)) {
    for (let member = 1; member <= group.size; member++) {
      sum += (errors + (member * group.marked) / group.size) / (kept + member)
    }
    kept += group.size
    errors += group.marked
  }
  return sum / uncertainty.length
}
