/** How many standard deviations above its sample's mean entropy a spike lies. */
export const spikeDeviations = 2

/** The least entropy of a spike, nats: below it a token is all but decided, however calm its sample is otherwise. */
export const spikeMinimumNats = 0.5

/**
 * Indices of the entropy spikes of one sample: tokens whose entropy is at least 0.5 nats and more than two (population)
 * standard deviations above the mean of the sample. The one definition of a spike: the score, the findings on tokens and
 * the viewer share it. An answer of fewer than six tokens has none, since none of n values lies (n − 1)/√n deviations out.
 */
export function findSpikes(entropies: ArrayLike<number>): number[] {
  const count = entropies.length
  let sum = 0
  for (let index = 0; index < count; index++) sum += entropies[index]!
  const mean = sum / count
  let squares = 0
  for (let index = 0; index < count; index++) squares += (entropies[index]! - mean) ** 2
  const threshold = mean + spikeDeviations * Math.sqrt(squares / count)
  const spikes: number[] = []
  for (let index = 0; index < count; index++) {
    if (entropies[index]! >= spikeMinimumNats && entropies[index]! > threshold) spikes.push(index)
  }
  return spikes
}
