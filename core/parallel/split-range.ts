/** Neighbouring rows, columns or heads: first, first + 1, ..., first + count − 1. */
export interface Range {
  first: number
  count: number
}

/** Widest unit that a dimension is cut into: eight 16-bit weights fill the 16 bytes of a packed block. */
const widestUnit = 8

/**
 * Cuts `size` neighbouring rows or columns into one range a rank, in order. Ranges are whole units of 8 where that
 * leaves none empty, else of 4, 2 or 1, and differ by one unit at most; only the last range may end within a unit. A
 * range is empty only where there are fewer rows or columns than ranks.
 */
export function splitRange(size: number, ranks: number): Range[] {
  let unit = widestUnit
  while (unit > 1 && Math.ceil(size / unit) < ranks) unit /= 2
  const units = Math.ceil(size / unit)
  const boundary = (rank: number) => Math.min(size, Math.floor((rank * units) / ranks) * unit)
  return Array.from({ length: ranks }, (_, rank) => ({
    first: boundary(rank),
    count: boundary(rank + 1) - boundary(rank),
  }))
}

/** The range of `width` times as many elements: of head rows, given a range of heads. */
export function scaleRange(range: Range, width: number): Range {
  return { first: range.first * width, count: range.count * width }
}
