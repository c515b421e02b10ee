import type { Clusters } from './clusters.ts'
import type { ScoreOrder } from './score-order.ts'

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

/** AUROC of samples that count `weights` times each; NaN when a class is empty. */
export function weightedAuroc(
  { order, ends }: ScoreOrder,
  marks: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  let wins = 0
  let markedBelow = 0
  let othersBelow = 0
  let position = 0
  for (let group = 0; group < ends.length; group++) {
    const end = ends[group]!
    let here = 0
    let others = 0
    for (; position < end; position++) {
      const index = order[position]!
      if (marks[index]) here += weights[index]!
      else others += weights[index]!
    }
    wins += here * (othersBelow + others / 2)
    markedBelow += here
    othersBelow += others
  }
  return wins / markedBelow / othersBelow
}
