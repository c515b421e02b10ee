import { type Maybe, none, type Statistic, type Undefined } from '../undefined.ts'
import { incompleteBeta, normalTail } from './distributions.ts'
import { momentsOf } from './moments.ts'
import { averageRanks, lackOfClass, onceEach, orderScores, type ScoreOrder, type TieGroups } from './ranks.ts'

/** A correlation coefficient from −1 to 1 and its two-sided p. */
export interface Correlation {
  coefficient: number
  p: number
}

/**
 * Pearson's correlation r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²), with p from Student's t on n − 2 degrees of freedom.
 * That p, 2·P(T < −|t|) with t = r√((n − 2)/(1 − r²)), is I_(1−r²)((n − 2)/2, 1/2). With n = 2 any line fits and p is 1.
 * Undefined with fewer than two pairs or when either column is constant. Throws a RangeError when the columns differ in length.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Maybe<Correlation> {
  checkSameLength('pearson', x, y)
  const [meanX, meanY] = [momentsOf(x).mean, momentsOf(y).mean]
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
  if (!(sumXX > 0 && sumYY > 0)) return lackOfSpread(x.length, sumYY)
  const coefficient = Math.min(1, Math.max(-1, sumXY / (Math.sqrt(sumXX) * Math.sqrt(sumYY))))
  if (x.length === 2) return { coefficient, p: 1 }
  const unexplained = (1 - coefficient) * (1 + coefficient)
  return { coefficient, p: incompleteBeta(unexplained, (x.length - 2) / 2, 0.5) }
}

function lackOfSpread(n: number, spreadOfSecond: number): Undefined {
  if (n < 2) return none({ because: 'too-few', n, least: 2 })
  return none({ because: 'constant', column: spreadOfSecond > 0 ? 'first' : 'second' })
}

/**
 * Spearman's rank correlation ρ: Pearson's correlation of the ranks, ties sharing their mean rank; p from Student's t on n − 2.
 * Undefined with fewer than two pairs or when either column is constant. Throws a RangeError when the columns differ in length.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Maybe<Correlation> {
  checkSameLength('spearman', x, y)
  const once = onceEach(x.length)
  return pearson(averageRanks(orderScores(x), once), averageRanks(orderScores(y), once))
}

/**
 * Kendall's τ_b between the score and the mark (1 or 0): (concordant − discordant pairs) / √((P − Tₓ)(P − T_y)), P all pairs, T those
 * tied in a column (Kendall 1945). p is two-sided and asymptotic with the variance for ties in both columns (Kendall 1970), as in
 * SciPy; with two samples the exact p is 1. Undefined when the scores or the marks are all equal.
 */
export function kendall(groups: TieGroups): Maybe<Correlation> {
  const { sizes, marked, total, totalMarked } = groups
  const lack = lackOfClass(groups)
  if (lack) return lack
  const pairs = (total * (total - 1)) / 2
  const totalOthers = total - totalMarked
  const markTies = (totalMarked * (totalMarked - 1) + totalOthers * (totalOthers - 1)) / 2
  let scoreTies = 0
  let difference = 0
  let markedBelow = 0
  let othersBelow = 0
  let scoreTriples = 0
  let scoreVariance = 0
  for (let group = 0; group < sizes.length; group++) {
    const size = sizes[group]!
    const others = size - marked[group]!
    difference += marked[group]! * othersBelow - others * markedBelow
    markedBelow += marked[group]!
    othersBelow += others
    scoreTies += (size * (size - 1)) / 2
    scoreTriples += size * (size - 1) * (size - 2)
    scoreVariance += size * (size - 1) * (2 * size + 5)
  }
  if (pairs === scoreTies) return none({ because: 'constant', column: 'first' })
  const coefficient = difference / Math.sqrt(pairs - scoreTies) / Math.sqrt(pairs - markTies)
  if (total === 2) return { coefficient, p: 1 }
  let markTriples = 0
  let markVariance = 0
  for (const size of [totalMarked, totalOthers]) {
    markTriples += size * (size - 1) * (size - 2)
    markVariance += size * (size - 1) * (2 * size + 5)
  }
  const ordered = total * (total - 1)
  const variance =
    (ordered * (2 * total + 5) - scoreVariance - markVariance) / 18 +
    (2 * scoreTies * markTies) / ordered +
    (scoreTriples * markTriples) / (9 * ordered * (total - 2))
  return { coefficient, p: Math.min(1, 2 * normalTail(Math.abs(difference) / Math.sqrt(variance))) }
}

/** Pearson's correlation of pairs that count `weights` times each; undefined where a column does not vary. */
export function weightedPearson(x: Float64Array, y: Float64Array, weights: Uint32Array): Statistic {
  const [ofX, ofY] = [momentsOf(x, weights), momentsOf(y, weights)]
  if (!(ofX.squares > 0 && ofY.squares > 0)) return lackOfSpread(ofX.n, ofY.squares)
  let products = 0
  for (let index = 0; index < weights.length; index++)
    products += weights[index]! * (x[index]! - ofX.mean) * (y[index]! - ofY.mean)
  return Math.min(1, Math.max(-1, products / Math.sqrt(ofX.squares) / Math.sqrt(ofY.squares)))
}

/** Spearman's correlation of pairs that count `weights` times each: ranks and ties are those of the resample. */
export function weightedSpearman(x: ScoreOrder, y: ScoreOrder, weights: Uint32Array): Statistic {
  return weightedPearson(averageRanks(x, weights), averageRanks(y, weights), weights)
}

/** Throws a RangeError when two columns of one table differ in length. */
export function checkSameLength(where: string, first: ArrayLike<unknown>, second: ArrayLike<unknown>): void {
  if (first.length !== second.length)
    throw new RangeError(
      `${where}: ${first.length} and ${second.length} values, expected as many of each; pass two columns of the same samples`,
    )
}
