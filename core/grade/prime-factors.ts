const largestTrialDivisor = 100_000n

/**
 * The primes that divide a positive whole number, with their exponents; null where trial division by primes to 100,000
 * leaves what may be no prime.
 */
export function primeFactors(value: bigint): [prime: bigint, exponent: bigint][] | null {
  const factors: [bigint, bigint][] = []
  let rest = value
  for (
    let divisor = 2n;
    divisor <= largestTrialDivisor && divisor * divisor <= rest;
    divisor += divisor === 2n ? 1n : 2n
  ) {
    let exponent = 0n
    for (; rest % divisor === 0n; exponent++) rest /= divisor
    if (exponent > 0n) factors.push([divisor, exponent])
  }
  if (rest > largestTrialDivisor * largestTrialDivisor) return null
  if (rest > 1n) factors.push([rest, 1n])
  return factors
}
