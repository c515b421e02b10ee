/** The 97.5 % quantile of the standard normal distribution: half the width of a 95 % interval in standard errors. */
export const normalQuantile975 = 1.959963984540054

/**
 * Upper tail of the standard normal distribution, P(Z > z) = erfc(z/√2)/2, to about 1e-13 of its value, far tails included.
 * erf by its everywhere convergent series (Abramowitz and Stegun 7.1.6) near 0, erfc by its continued fraction (7.1.14) beyond.
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const x = z * Math.SQRT1_2
  return x < 2 ? (1 - errorFunctionSeries(x)) / 2 : complementaryErrorFraction(x) / 2
}

/** erf x = 2/√π · e^(−x²) · Σ 2^k x^(2k+1) / (1·3·…·(2k+1)): all terms positive, so nothing cancels. */
function errorFunctionSeries(x: number): number {
  let term = x
  let sum = x
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (2 * x * x) / (2 * k + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc x = e^(−x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), from the inside out; 120 levels suffice from x = 2 on. */
function complementaryErrorFraction(x: number): number {
  let denominator = x
  for (let level = 120; level >= 1; level--) denominator = x + level / 2 / denominator
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * denominator)
}
