/** Shapes to test and time. */
export const keepLikeliestShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0 },
  { name: 'odd', rows: 5, width: 331, firstId: 0 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901 },
  { name: '7B vocabulary', rows: 1, width: 152064, firstId: 0 },
] as const

/** Whether a token is kept: it comes no later than the last one that may be, and is at least min-p times as likely as the maximum. */
export function isKeptReference(
  token: { score: number; id: number },
  last: { score: number; id: number },
  maximum: number,
  minP: number,
): boolean {
  const inOrder = token.score > last.score || (token.score === last.score && token.id <= last.id)
  return inOrder && (minP === 0 || token.score - maximum >= Math.log(minP))
}
