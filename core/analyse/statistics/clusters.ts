/** Which samples belong together: the answers to one problem are not independent of each other. */
export interface Clusters {
  /** The cluster of each sample, from 0. */
  of: Int32Array
  count: number
}

/** Samples with the same name form a cluster; clusters count in the order of their first sample. */
export function clustersOf(names: readonly string[]): Clusters {
  const numbers = new Map<string, number>()
  const of = Int32Array.from(names, name => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, numbers.size)
    return numbers.size - 1
  })
  return { of, count: numbers.size }
}
