/** The expected calibration error and what it would be without any miscalibration. */
export interface ExpectedCalibrationError {
  /** Σ over bins of nᵦ/n·|share of marked − mean prediction|. */
  value: number
  bins: number
  /** Mean of the same number if every prediction were exactly right: its bias with this many answers. */
  expectedIfCalibrated: number
  /** 95 % of perfectly calibrated predictions would have at most this. */
  quantile95IfCalibrated: number
}

/** The simulation of perfect calibration draws about this many outcomes. */
const mostOutcomes = 5_000_000

/**
 * ECE over bins of samples, which is above 0 even for perfect predictions, the more so the fewer the answers: so the labels are drawn again
 * from the predictions themselves (Bröcker and Smith 2007; Vaicenavicius et al. 2019), up to 1,000 times and at least 50.
 */
export function expectedCalibrationError(
  predictions: ArrayLike<number>,
  marks: ArrayLike<number>,
  bins: readonly Uint32Array[],
  random: () => number,
): ExpectedCalibrationError {
  const value = errorOf(predictions, bins, sample => marks[sample]!)
  const draws = Math.max(50, Math.min(1000, Math.floor(mostOutcomes / predictions.length)))
  const drawn = Float64Array.from({ length: draws }, () =>
    errorOf(predictions, bins, sample => (random() < predictions[sample]! ? 1 : 0)),
  ).sort()
  return {
    value,
    bins: bins.length,
    expectedIfCalibrated: drawn.reduce((sum, error) => sum + error, 0) / draws,
    quantile95IfCalibrated: drawn[Math.ceil(0.95 * draws) - 1]!,
  }
}

function errorOf(
  predictions: ArrayLike<number>,
  bins: readonly Uint32Array[],
  outcome: (sample: number) => number,
): number {
  let sum = 0
  for (const bin of bins) {
    let excess = 0
    for (const sample of bin) excess += outcome(sample) - predictions[sample]!
    sum += Math.abs(excess)
  }
  return sum / predictions.length
}

/** Brier's score (1950), the mean squared error of predicted probabilities. Null with no samples. */
export function brierScore(predictions: ArrayLike<number>, marks: ArrayLike<number>): number | null {
  if (predictions.length === 0) return null
  let sum = 0
  for (let index = 0; index < predictions.length; index++) sum += (predictions[index]! - marks[index]!) ** 2
  return sum / predictions.length
}

/** Log loss, −mean(y ln p + (1 − y) ln(1 − p)), nats. Predictions must lie strictly between 0 and 1. Null with no samples. */
export function logLoss(predictions: ArrayLike<number>, marks: ArrayLike<number>): number | null {
  if (predictions.length === 0) return null
  let sum = 0
  for (let index = 0; index < predictions.length; index++)
    sum -= marks[index] ? Math.log(predictions[index]!) : Math.log1p(-predictions[index]!)
  return sum / predictions.length
}
