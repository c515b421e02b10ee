/** A choice of the reader: from `token` of the answer on, these ids in place of what was there. */
export interface BranchChoice {
  /** From 0. */
  token: number
  ids: readonly number[]
}

/**
 * How a branch comes from the recorded answer: each choice changes the answer that those before it led to, further on
 * than they did.
 */
export type BranchPath = readonly BranchChoice[]

// "8:14" is id 14 at token 8, "8:14.20/30:7" ids 14 and 20 at token 8 and, in what follows, id 7 at token 30.
const choicePattern = /^(\d{1,9}):(\d{1,9}(?:\.\d{1,9})*)$/

/** Reads a route's `branch`; null for what is none. */
export function parseBranchPath(text: string): BranchPath | null {
  const path: BranchChoice[] = []
  let firstFree = 0
  for (const part of text.split('/')) {
    const [, token, ids] = choicePattern.exec(part) ?? []
    if (token === undefined || ids === undefined || Number(token) < firstFree) return null
    const choice = { token: Number(token), ids: ids.split('.').map(Number) }
    path.push(choice)
    firstFree = choice.token + choice.ids.length
  }
  return path
}

/** The `branch` of a route; no choice is the recorded answer, which has none. */
export function formatBranchPath(path: BranchPath): string | null {
  if (path.length === 0) return null
  return path.map(({ token, ids }) => `${token}:${ids.join('.')}`).join('/')
}

/**
 * The path of a choice in the answer of a path: what it makes undone of earlier choices goes, so that a choice before an
 * earlier one leads from the answer that both have up to there.
 */
export function extendBranchPath(path: BranchPath, choice: BranchChoice): BranchPath {
  const kept = path
    .filter(({ token }) => token < choice.token)
    .map(({ token, ids }) => ({ token, ids: ids.slice(0, choice.token - token) }))
  return [...kept, choice]
}
