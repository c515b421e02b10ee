import { incompleteBeta } from './incomplete-beta.ts'

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
