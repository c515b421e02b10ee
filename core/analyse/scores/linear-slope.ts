/** Least-squares slope of values over their positions 0, 1, ...; null with fewer than two values. */
export function linearSlope(values: ArrayLike<number>): number | null {
  const count = values.length
  if (count < 2) return null
  const middle = (count - 1) / 2
  let product = 0
  for (let index = 0; index < count; index++) product += (index - middle) * values[index]!
  return product / ((count * (count * count - 1)) / 12)
}
