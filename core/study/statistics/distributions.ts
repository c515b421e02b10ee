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

// Lanczos' coefficients for g = 7, n = 9 (Godfrey 2001), good to about 1e-15.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0, by Lanczos' approximation. Throws a RangeError for other x. */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`log-gamma: x is ${x}, expected above 0`)
  let sum = lanczos[0]!
  for (let k = 1; k < lanczos.length; k++) sum += lanczos[k]! / (x - 1 + k)
  const shifted = x + 6.5
  return Math.log(Math.sqrt(2 * Math.PI) * sum) + (x - 0.5) * Math.log(shifted) - shifted
}

/**
 * Regularised incomplete beta function I_x(a, b) = ∫₀ˣ t^(a−1) (1−t)^(b−1) dt / B(a, b), for a, b > 0 and x in [0, 1].
 * By its continued fraction (DLMF 8.17.22), on the side of the mean where that converges fast. Throws a RangeError outside the domain.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1 && a > 0 && b > 0))
    throw new RangeError(
      `incomplete-beta: x = ${x}, a = ${a}, b = ${b}, expected x in [0, 1] and a, b above 0`,
    )
  if (x === 0 || x === 1) return x
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)
  const front = Math.exp(logFront)
  return x < (a + 1) / (a + b + 2)
    ? (front * continuedFraction(x, a, b)) / a
    : 1 - (front * continuedFraction(1 - x, b, a)) / b
}

/** The fraction 1/(1 + d₁/(1 + d₂/(1 + …))) by Lentz's method as Thompson and Barnett changed it. */
function continuedFraction(x: number, a: number, b: number): number {
  // Stands in for a denominator of 0, which the method would divide by.
  const tiny = 1e-300
  const nonZero = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / nonZero(1 + even * d)
    c = nonZero(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / nonZero(1 + odd * d)
    c = nonZero(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction
}

/**
 * The 97.5 % quantile of Student's t with `degrees` > 0 degrees of freedom: half the width of a 95 % interval in standard errors
 * that are themselves estimated. By bisection of P(|T| > t) = I_x(ν/2, 1/2), x = ν/(ν + t²) (Abramowitz and Stegun 26.7.1).
 */
export function studentQuantile975(degrees: number): number {
  let low = 0
  let high = 1
  for (let round = 0; round < 60; round++) {
    const x = (low + high) / 2
    if (incompleteBeta(x, degrees / 2, 0.5) > 0.05) high = x
    else low = x
  }
  return Math.sqrt(degrees / low - degrees)
}

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
