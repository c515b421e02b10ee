import type { Clusters } from './clusters.ts'
import { type Interval, wilsonInterval } from './wilson-interval.ts'

/**
 * 95 % interval of a proportion whose trials come in clusters: Wilson's with the effective number of trials p(1 − p)/σ², σ² the variance
 * from the clusters' summed residuals, C/(C − 1)·Σ_c(Σ_i(y_ci − p))²/n² (Miller 2024, arXiv 2411.00640; Kish's design effect).
 * With one trial a cluster, or when all trials agree, it is Wilson's over the clusters. Null with no trials.
 */
export function clusteredProportionInterval(marks: ArrayLike<number>, clusters: Clusters): Interval | null {
  const total = marks.length
  if (total === 0) return null
  let successes = 0
  for (let index = 0; index < total; index++) successes += marks[index]!
  const proportion = successes / total
  if (clusters.count === total) return wilsonInterval(successes, total)
  const residuals = new Float64Array(clusters.count)
  for (let index = 0; index < total; index++) residuals[clusters.of[index]!]! += marks[index]! - proportion
  let squares = 0
  for (const residual of residuals) squares += residual * residual
  const variance = (squares / total ** 2) * (clusters.count / Math.max(1, clusters.count - 1))
  // No more is known than as many independent trials would say.
  const effective =
    variance < 1e-30 ? clusters.count : Math.min(total, (proportion * (1 - proportion)) / variance)
  return wilsonInterval(proportion * effective, effective)
}
