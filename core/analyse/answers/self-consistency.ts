/** How far the answers to one problem agree. */
export interface SelfConsistency {
  /** Share of the answers in the largest class. */
  modalShare: number
  /** For each answer, the share of the answers in its own class, itself included. */
  ownShares: Float64Array
}

/** Agreement of the answers to one problem, by their classes (Wang et al. 2022, arXiv 2203.11171); null without answers. */
export function selfConsistency(classes: ArrayLike<number>): SelfConsistency | null {
  if (classes.length === 0) return null
  const counts = new Map<number, number>()
  for (let index = 0; index < classes.length; index++)
    counts.set(classes[index]!, (counts.get(classes[index]!) ?? 0) + 1)
  let modal = 0
  for (const count of counts.values()) modal = Math.max(modal, count)
  return {
    modalShare: modal / classes.length,
    ownShares: Float64Array.from(classes, own => counts.get(own)! / classes.length),
  }
}
