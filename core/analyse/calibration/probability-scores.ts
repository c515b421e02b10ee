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
  for (let index = 0; index < predictions.length; index++) {
    sum -= marks[index] ? Math.log(predictions[index]!) : Math.log1p(-predictions[index]!)
  }
  return sum / predictions.length
}
