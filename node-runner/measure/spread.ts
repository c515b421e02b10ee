import { quantile } from '../../kernels/gpu/bench.ts'

/** Times of something done again and again: the median and the quartiles. */
export interface Spread {
  rounds: number
  medianMs: number
  lowerQuartileMs: number
  upperQuartileMs: number
}

/** The spread of some times. */
export function spreadOf(samplesMs: readonly number[]): Spread {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  return {
    rounds: sorted.length,
    medianMs: quantile(sorted, 0.5),
    lowerQuartileMs: quantile(sorted, 0.25),
    upperQuartileMs: quantile(sorted, 0.75),
  }
}

/** Does something a few times untimed, then `rounds` times timed. */
export async function timeRounds(rounds: number, once: () => Promise<void>): Promise<number[]> {
  for (let round = 0; round < Math.min(5, rounds); round++) await once()
  const samplesMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    await once()
    samplesMs.push(performance.now() - startMs)
  }
  return samplesMs
}
