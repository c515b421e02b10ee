/**
 * Holm's step-down adjustment (1979), which bounds the chance of any false finding: with p sorted, max over j ≤ i of
 * min(1, (m − j + 1)·p_j). Null p-values are no tests: they stay null and do not count.
 */
export function adjustHolm(pValues: readonly (number | null)[]): (number | null)[] {
  const order = sortedTests(pValues)
  const adjusted = pValues.map((): number | null => null)
  let largest = 0
  for (const [position, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - position) * pValues[index]!))
    adjusted[index] = largest
  }
  return adjusted
}

/**
 * Benjamini and Hochberg's step-up adjustment (1995), which bounds the share of false findings: with p sorted, min over j ≥ i of
 * min(1, m·p_j/j). Null p-values are no tests: they stay null and do not count.
 */
export function adjustBenjaminiHochberg(pValues: readonly (number | null)[]): (number | null)[] {
  const order = sortedTests(pValues)
  const adjusted = pValues.map((): number | null => null)
  let smallest = 1
  for (let position = order.length - 1; position >= 0; position--) {
    const index = order[position]!
    smallest = Math.min(smallest, (order.length * pValues[index]!) / (position + 1))
    adjusted[index] = smallest
  }
  return adjusted
}

function sortedTests(pValues: readonly (number | null)[]): number[] {
  return [...pValues.keys()]
    .filter(index => pValues[index] !== null)
    .sort((first, second) => pValues[first]! - pValues[second]!)
}
