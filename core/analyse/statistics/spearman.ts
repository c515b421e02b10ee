import { averageRanks } from './average-ranks.ts'
import { checkSameLength } from './check-same-length.ts'
import { type Correlation, pearson } from './pearson.ts'

/**
 * Spearman's rank correlation ρ: Pearson's correlation of the ranks, ties sharing their mean rank; p from Student's t on n − 2.
 * Null with fewer than two pairs or when either column is constant. Throws a RangeError when the columns differ in length.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | null {
  checkSameLength('spearman', x, y)
  return pearson(averageRanks(x), averageRanks(y))
}
