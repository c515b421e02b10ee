/** The logistic function 1/(1 + e^(−x)), without overflow. */
export function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const power = Math.exp(x)
  return power / (1 + power)
}

/** Its inverse, the log odds ln(p/(1 − p)). */
export function logit(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability)
}
