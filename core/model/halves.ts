import type { Device } from '../../kernels/gpu/device.ts'

/** Rows from which on halves begin and end at multiples of 64, as bindings do, so that a step takes no more places than rows. */
const rowsWithoutGap = 128

/**
 * Whether steps of at most so many rows are run in two halves, so that one computes while what the other gives travels. Not
 * where the adapter computes on the cores that the host meets with, so that nothing travels meanwhile.
 */
export function isSplit(kind: Device['kind'], ranks: number, rows: number): boolean {
  return kind === 'gpu' && ranks > 1 && rows > 1
}

/** Where the rows of a half of a step lie among activations and inputs: `first` is a multiple of 64. */
export interface Half {
  first: number
  count: number
}

/** The two halves of so many rows. */
export function halvesOf(rows: number): [Half, Half] {
  const count = rows < rowsWithoutGap ? Math.ceil(rows / 2) : Math.round(rows / rowsWithoutGap) * 64
  return [
    { first: 0, count },
    { first: Math.ceil(count / 64) * 64, count: rows - count },
  ]
}

/** Places that steps of at most so many rows take. */
export function stepPlaces(kind: Device['kind'], ranks: number, rows: number): number {
  return isSplit(kind, ranks, rows) && rows < rowsWithoutGap ? 64 + Math.floor(rows / 2) : rows
}

/** Rows of a second half of steps of at most so many rows, at most. */
export function rowsOfSecondHalf(rows: number): number {
  return Math.min(rows, Math.floor(rows / 2) + 32)
}
