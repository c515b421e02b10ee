import { type Interval, wilsonInterval } from './intervals.ts'

/** Which samples belong together: the answers to one problem are not independent of each other. */
export interface Clusters {
  /** The cluster of each sample, from 0. */
  of: Int32Array
  count: number
}

/** Samples with the same name form a cluster; clusters count in the order of their first sample. */
export function clustersOf(names: readonly string[]): Clusters {
  const numbers = new Map<string, number>()
  const of = Int32Array.from(names, name => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, numbers.size)
    return numbers.size - 1
  })
  return { of, count: numbers.size }
}

/** Clusters that have a sample of this mark. */
export function clustersWith({ of }: Clusters, marks: ArrayLike<number>, mark: number): number {
  return new Set(of.filter((_, index) => marks[index] === mark)).size
}

/** Puts the members of an array in an order that is drawn evenly among all (Fisher and Yates), in place. */
export function shuffle(members: Uint32Array | number[], random: () => number): void {
  for (let last = members.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const member = members[last]!
    members[last] = members[other]!
    members[other] = member
  }
}

/**
 * Draws as many clusters as there are, with replacement, `resamples` times, and hands over how often each sample is drawn
 * (the samples of a cluster together; the array is used again). No sample is copied and nothing is sorted again.
 */
export function resampleClusters(
  clusters: Clusters,
  resamples: number,
  random: () => number,
  use: (weights: Uint32Array, resample: number) => void,
): void {
  const draws = new Uint32Array(clusters.count)
  const weights = new Uint32Array(clusters.of.length)
  for (let resample = 0; resample < resamples; resample++) {
    draws.fill(0)
    for (let draw = 0; draw < clusters.count; draw++) draws[Math.floor(random() * clusters.count)]!++
    for (let index = 0; index < weights.length; index++) weights[index] = draws[clusters.of[index]!]!
    use(weights, resample)
  }
}

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
