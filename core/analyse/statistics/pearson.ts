import { checkSameLength } from './check-same-length.ts'
import { incompleteBeta } from './incomplete-beta.ts'
import { mean } from './mean.ts'

/** A correlation coefficient from −1 to 1 and its two-sided p. */
export interface Correlation {
  coefficient: number
  p: number
}

/**
 * Pearson's correlation r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²), with p from Student's t on n − 2 degrees of freedom.
 * That p, 2·P(T < −|t|) with t = r√((n − 2)/(1 − r²)), is I_(1−r²)((n − 2)/2, 1/2). With n = 2 any line fits and p is 1.
 * Null with fewer than two pairs or when either column is constant. Throws a RangeError when the columns differ in length.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation | null {
  checkSameLength('pearson', x, y)
  const meanX = mean(x)
  const meanY = mean(y)
  if (meanX === null || meanY === null) return null
  let sumXX = 0
  let sumYY = 0
  let sumXY = 0
  for (let index = 0; index < x.length; index++) {
    const dx = x[index]! - meanX
    const dy = y[index]! - meanY
    sumXX += dx * dx
    sumYY += dy * dy
    sumXY += dx * dy
  }
  if (sumXX === 0 || sumYY === 0) return null
  const coefficient = Math.min(1, Math.max(-1, sumXY / (Math.sqrt(sumXX) * Math.sqrt(sumYY))))
  if (x.length === 2) return { coefficient, p: 1 }
  const unexplained = (1 - coefficient) * (1 + coefficient)
  return { coefficient, p: incompleteBeta(unexplained, (x.length - 2) / 2, 0.5) }
}
