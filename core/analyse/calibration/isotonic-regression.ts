import { orderScores } from '../statistics/score-order.ts'

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
  const values: number[] = []
  const weights: number[] = []
  const firsts: number[] = []
  const lasts: number[] = []
  let position = 0
  for (const end of ends) {
    const score = scores[order[position]!]!
    let sum = 0
    const weight = end - position
    for (; position < end; position++) sum += marks[order[position]!]!
    values.push(sum / weight)
    weights.push(weight)
    firsts.push(score)
    lasts.push(score)
    while (values.length > 1 && values.at(-2)! >= values.at(-1)!) {
      const [value, size, last] = [values.pop()!, weights.pop()!, lasts.pop()!]
      firsts.pop()
      const block = values.length - 1
      const merged = weights[block]! + size
      values[block] = (values[block]! * weights[block]! + value * size) / merged
      weights[block] = merged
      lasts[block] = last
    }
  }
  const knots = values.flatMap((value, block) => [
    { score: firsts[block]!, value },
    { score: lasts[block]!, value },
  ])
  return score => interpolate(knots, score)
}

function interpolate(knots: readonly { score: number; value: number }[], score: number): number {
  let below = 0
  let above = knots.length - 1
  if (score <= knots[below]!.score) return knots[below]!.value
  if (score >= knots[above]!.score) return knots[above]!.value
  while (above - below > 1) {
    const middle = (below + above) >> 1
    if (knots[middle]!.score <= score) below = middle
    else above = middle
  }
  const [from, to] = [knots[below]!, knots[above]!]
  return from.value + ((to.value - from.value) * (score - from.score)) / (to.score - from.score)
}
