/** More points than this of one class hide each other and make a file that is slow to open. */
export const mostPoints = 1500

/** At most `most` of the values, evenly spaced in their order: all of them when they are few. */
export function evenlyChosen(values: readonly number[], most = mostPoints): readonly number[] {
  if (values.length <= most) return values
  return Array.from({ length: most }, (_, index) => values[Math.floor((index * values.length) / most)]!)
}
