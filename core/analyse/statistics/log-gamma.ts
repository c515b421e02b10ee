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
