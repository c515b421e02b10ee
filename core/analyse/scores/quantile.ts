/** The q-quantile of values that are sorted in rising order, by linear interpolation as NumPy's default; null of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low)
}
