/** The tokens from `start` up to, not including, `end`: those in sight, or those that were selected. */
export interface TokenRange {
  start: number
  end: number
}

/** The fewest tokens that a range in sight is zoomed to. */
const fewestTokens = 8

/** All tokens of an answer of `count`; of an empty one a range that can be drawn. */
export function wholeRange(count: number): TokenRange {
  return { start: 0, end: Math.max(1, count) }
}

/** What is in sight after zooming by `factor` (above 1: closer) about a token, which keeps its place. */
export function zoomRange(range: TokenRange, factor: number, about: number, count: number): TokenRange {
  const length = Math.min(count, Math.max(Math.min(fewestTokens, count), (range.end - range.start) / factor))
  const share = (about - range.start) / (range.end - range.start)
  const start = about - share * length
  return within({ start, end: start + length }, count)
}

/** What is in sight after moving by a share of what is. */
export function panRange(range: TokenRange, share: number, count: number): TokenRange {
  const distance = share * (range.end - range.start)
  return within({ start: range.start + distance, end: range.end + distance }, count)
}

/** `range` itself when it holds the token, else moved so that the token stands at a quarter of it. */
export function followToken(range: TokenRange, token: number, count: number): TokenRange {
  if (token >= range.start && token + 1 <= range.end) return range
  const start = token - (range.end - range.start) / 4
  return within({ start, end: start + range.end - range.start }, count)
}

/** A selection with one end moved to a token, which it holds then; the other stays, unless that would leave nothing. */
export function moveEnd({ start, end }: TokenRange, moved: 'start' | 'end', token: number): TokenRange {
  return moved === 'start'
    ? { start: token, end: Math.max(token + 1, end) }
    : { start: Math.min(token, start), end: token + 1 }
}

/** `range` moved and shrunk to lie within the `count` tokens of the answer; fractions of tokens are kept. */
function within({ start, end }: TokenRange, count: number): TokenRange {
  const length = Math.min(count, Math.max(Math.min(fewestTokens, count), end - start))
  const first = Math.min(Math.max(0, start), count - length)
  return { start: first, end: first + length }
}
