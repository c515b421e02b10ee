import type { AlignedStretch } from './align-answers.ts'

/** Columns that are left out of the texts, since all answers are alike there. */
export interface Fold {
  start: number
  /** One past the last column. */
  end: number
}

/** Columns kept before and after where answers are apart, so that the place can be read. */
const kept = 12
/** Fewer are not worth a line that says how many they are. */
const fewestFolded = 24

/** What of the stretches is folded: the alike ones but for their ends beside what is apart. */
export function foldsOf(stretches: readonly AlignedStretch[]): Fold[] {
  return stretches.flatMap(({ start, end, isAlike }, index) => {
    const from = index === 0 ? start : start + kept
    const to = index === stretches.length - 1 ? end : end - kept
    return isAlike && stretches.length > 1 && to - from >= fewestFolded ? [{ start: from, end: to }] : []
  })
}
