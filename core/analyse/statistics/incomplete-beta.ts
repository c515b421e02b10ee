import { logGamma } from './log-gamma.ts'

/**
 * Regularised incomplete beta function I_x(a, b) = ∫₀ˣ t^(a−1) (1−t)^(b−1) dt / B(a, b), for a, b > 0 and x in [0, 1].
 * By its continued fraction (DLMF 8.17.22), on the side of the mean where that converges fast. Throws a RangeError outside the domain.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1 && a > 0 && b > 0)) {
    throw new RangeError(
      `incomplete-beta: x = ${x}, a = ${a}, b = ${b}, expected x in [0, 1] and a, b above 0`,
    )
  }
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
