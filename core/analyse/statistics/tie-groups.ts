/** Samples of one score: how many, and how many of them are marked. */
export interface TieGroup {
  size: number
  marked: number
}

/** The groups of equal score, the lowest score first. */
export function tieGroups(scores: readonly number[], marks: readonly boolean[]): TieGroup[] {
  const order = scores.map((_, index) => index).sort((first, second) => scores[first]! - scores[second]!)
  const groups: TieGroup[] = []
  let previousScore: number | undefined
  for (const index of order) {
    if (scores[index] !== previousScore) groups.push({ size: 0, marked: 0 })
    previousScore = scores[index]!
    const group = groups.at(-1)!
    group.size++
    if (marks[index]) group.marked++
  }
  return groups
}
