/** A mean of numbers that come one by one, with their number; null of none. */
export interface Mean {
  n: number
  mean: number | null
}

/** Number and sum of what was added. */
export interface RunningMean {
  n: number
  sum: number
}

/** Of nothing yet. */
export function createRunningMean(): RunningMean {
  return { n: 0, sum: 0 }
}

/** Adds a value. */
export function addValue(running: RunningMean, value: number): void {
  running.n++
  running.sum += value
}

/** The mean so far. */
export function finishMean({ n, sum }: RunningMean): Mean {
  return { n, mean: n === 0 ? null : sum / n }
}
