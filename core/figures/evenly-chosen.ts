/** More points than this of one class hide each other and make a file that is slow to open. */
export const mostPoints = 1500

/** At most `mostPoints` of the values, evenly spaced in their order: all of them when they are few. */
export function evenlyChosen(values: readonly number[]): readonly number[] {
  if (values.length <= mostPoints) return values
  return Array.from(
    { length: mostPoints },
    (_, index) => values[Math.floor((index * values.length) / mostPoints)]!,
  )
}
