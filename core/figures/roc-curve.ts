import type { TieGroups } from '../analyse/statistics/tie-groups.ts'

/** A point of the receiver operating characteristic: what a threshold flags. */
export interface RocPoint {
  /** Answers whose score is at least the threshold. */
  flagged: number
  /** Share of the correct answers that are flagged. */
  falsePositiveRate: number
  /** Share of the incorrect answers that are flagged. */
  truePositiveRate: number
}

/**
 * The receiver operating characteristic of a score for errors: a point for each threshold, from none flagged to all (Fawcett
 * 2006, doi 10.1016/j.patrec.2005.10.010). Equal scores are one step, so that the area below is the AUROC with ties half.
 * Marked are the incorrect answers; both classes have members.
 */
export function rocCurve({ sizes, marked, total, totalMarked }: TieGroups): RocPoint[] {
  const points: RocPoint[] = [{ flagged: 0, falsePositiveRate: 0, truePositiveRate: 0 }]
  let flagged = 0
  let errors = 0
  for (let group = sizes.length - 1; group >= 0; group--) {
    flagged += sizes[group]!
    errors += marked[group]!
    points.push({
      flagged,
      falsePositiveRate: (flagged - errors) / (total - totalMarked),
      truePositiveRate: errors / totalMarked,
    })
  }
  return points
}
