import { firstIndex } from '../../first-index.ts'
import { type Clusters, shuffle } from '../statistics/clusters.ts'
import { logistic } from '../statistics/distributions.ts'
import { fitLogistic } from '../statistics/logistic-regression.ts'
import { standardise } from '../statistics/moments.ts'
import { orderScores } from '../statistics/ranks.ts'

/**
 * Platt's scaling (1999): P(marked) = 1/(1 + e^(−(a + b·score))), fitted to (n₁ + 1)/(n₁ + 2) for the marked and 1/(n₀ + 2) for the others instead of 1
 * and 0, so that a fit exists in separated data too. Returns the function from score to probability; null when the scores
 * do not vary.
 */
export function plattScaling(
  scores: Float64Array,
  marks: ArrayLike<number>,
): ((score: number) => number) | null {
  const standard = standardise(scores)
  if (standard === null) return null
  const { center, spread, values } = standard
  let marked = 0
  for (let index = 0; index < scores.length; index++) marked += marks[index]!
  const high = (marked + 1) / (marked + 2)
  const low = 1 / (scores.length - marked + 2)
  const targets = scores.map((_, index) => (marks[index] ? high : low))
  const fit = fitLogistic([scores.map(() => 1), values], targets)
  if (fit === null) return null
  const [intercept = 0, slope = 0] = fit.coefficients
  return score => logistic(intercept + (slope * (score - center)) / spread)
}

/**
 * The rising step function of the score with the least squared error to the marks, by pooling adjacent violators (Ayer et al. 1955);
 * equal scores are pooled first. Between its knots it is straight and beyond them constant, as in scikit-learn. Returns the
 * function from score to probability; null with no scores.
 */
export function isotonicRegression(
  scores: ArrayLike<number>,
  marks: ArrayLike<number>,
): ((score: number) => number) | null {
  const { order, ends } = orderScores(scores)
  if (order.length === 0) return null
  const blocks: { value: number; weight: number; first: number; last: number }[] = []
  let position = 0
  for (const end of ends) {
    const score = scores[order[position]!]!
    let sum = 0
    const weight = end - position
    for (; position < end; position++) sum += marks[order[position]!]!
    blocks.push({ value: sum / weight, weight, first: score, last: score })
    while (blocks.length > 1 && blocks.at(-2)!.value >= blocks.at(-1)!.value) {
      const { value, weight: size, last } = blocks.pop()!
      const block = blocks.at(-1)!
      const merged = block.weight + size
      block.value = (block.value * block.weight + value * size) / merged
      block.weight = merged
      block.last = last
    }
  }
  const knots = blocks.flatMap(({ value, first, last }) => [
    { score: first, value },
    { score: last, value },
  ])
  return score => interpolate(knots, score)
}

function interpolate(knots: readonly { score: number; value: number }[], score: number): number {
  const [first, last] = [knots[0]!, knots.at(-1)!]
  if (score <= first.score) return first.value
  if (score >= last.score) return last.value
  const above = firstIndex(knots.length, index => knots[index]!.score > score)
  const [from, to] = [knots[above - 1]!, knots[above]!]
  return from.value + ((to.value - from.value) * (score - from.score)) / (to.score - from.score)
}

/**
 * The fold of each sample, from 0: all answers to a problem share one, so that no fit has seen the problem it predicts. Problems are
 * shuffled, sorted by their number of marked answers and dealt in turn, so that the folds have about the same share of both.
 */
export function groupedFolds(
  clusters: Clusters,
  marks: ArrayLike<number>,
  folds: number,
  random: () => number,
): Uint8Array {
  const marked = new Uint32Array(clusters.count)
  for (let index = 0; index < clusters.of.length; index++) marked[clusters.of[index]!]! += marks[index]!
  const problems = Array.from(marked.keys())
  shuffle(problems, random)
  problems.sort((first, second) => marked[first]! - marked[second]!)
  const foldOfProblem = new Uint8Array(clusters.count)
  for (const [position, problem] of problems.entries()) foldOfProblem[problem] = position % folds
  return Uint8Array.from(clusters.of, problem => foldOfProblem[problem]!)
}
