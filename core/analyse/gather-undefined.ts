/** Numbers that are undefined for one reason. */
export interface Undefined {
  what: string
  reason: string
}

/** A score, or a comparison of it, with what is undefined of it. */
export interface Incomplete {
  name: string
  missing: Undefined[]
  /** What to call all of its like, and how many these are. */
  all: string
  alike: number
}

/** One sentence for all scores that lack the same numbers for the same reason. */
export function gatherUndefined(found: readonly Incomplete[]): string[] {
  const named = groupBy(
    found.flatMap(({ missing, ...of }) => missing.map(undefinedNumber => ({ ...of, ...undefinedNumber }))),
    ({ what, reason }) => `${what}\n${reason}`,
  ).map(same => {
    const { what, reason, all, alike } = same[0]!
    const who = same.length > 1 && same.length === alike ? all : same.map(({ name }) => name).join(', ')
    return { who, what, reason }
  })
  return groupBy(named, ({ who, reason }) => `${who}\n${reason}`).map(same => {
    const { who, reason } = same[0]!
    return `${who}: ${same.map(({ what }) => what).join(', ')} undefined, because ${reason}.`
  })
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return [...groups.values()]
}
