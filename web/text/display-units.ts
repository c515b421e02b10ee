/** What is shown as one piece: a token, or neighbouring tokens that share a character. */
export interface DisplayUnit {
  /** First token. */
  start: number
  /** One past the last token. */
  end: number
  text: string
  /** False for what decoding left out of the answer's text (a stop token), or a token without a text. */
  inText: boolean
}

/** What a decoder shows for bytes that are no whole character. */
export const replacement = '\uFFFD'

/**
 * The tokens of an answer as pieces to show, each token in exactly one, in order. A byte-level token may hold a part of a
 * character, shown as U+FFFD; tokens of which one ends and the next begins with such a part are joined, and the joined
 * text is taken from `generatedText`. The walk is linear: where a token does not continue the text it shows its own text.
 */
export function displayUnits(
  tokenText: ArrayLike<string | null>,
  tokenId: ArrayLike<number>,
  generatedText: string,
): DisplayUnit[] {
  const runs = runsOfTokens(tokenText)
  const units: DisplayUnit[] = []
  let position = 0
  for (const [index, { start, end }] of runs.entries()) {
    const raw = joinTexts(tokenText, start, end)
    if (raw === null) {
      units.push({ start, end, text: `#${tokenId[start]}`, inText: false })
      continue
    }
    const length = matchedLength(raw, generatedText, position, () => {
      const next = runs[index + 1]
      return next ? (joinTexts(tokenText, next.start, next.end) ?? '') : ''
    })
    const inText = length !== null
    units.push({ start, end, text: inText ? generatedText.slice(position, position + length) : raw, inText })
    position += length ?? 0
  }
  return units
}

/** The unit that holds a token; undefined where there is no such token. */
export function unitOfToken(units: readonly DisplayUnit[], token: number): DisplayUnit | undefined {
  let low = 0
  let high = units.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (units[middle]!.end <= token) low = middle + 1
    else high = middle
  }
  return token < 0 ? undefined : units[low]
}

/** Neighbours between which a character is cut stay together. */
function runsOfTokens(tokenText: ArrayLike<string | null>): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = []
  for (let index = 0; index < tokenText.length; index++) {
    const last = runs.at(-1)
    const cut = tokenText[index - 1]?.endsWith(replacement) && tokenText[index]?.startsWith(replacement)
    if (last && cut) last.end = index + 1
    else runs.push({ start: index, end: index + 1 })
  }
  return runs
}

function joinTexts(tokenText: ArrayLike<string | null>, start: number, end: number): string | null {
  let joined = ''
  for (let index = start; index < end; index++) {
    const text = tokenText[index]
    if (text === null || text === undefined) return null
    joined += text
  }
  return joined
}

/**
 * How much of `text` from `position` on the pattern covers, a group of U+FFFD standing for one or more characters; null if
 * it does not fit. `nextPattern` is what follows: where it begins, a group at the end stops.
 */
function matchedLength(
  pattern: string,
  text: string,
  position: number,
  nextPattern: () => string,
): number | null {
  if (!pattern.includes(replacement)) return text.startsWith(pattern, position) ? pattern.length : null
  const [first, ...literals] = pattern.split(/\uFFFD+/) as [string, ...string[]]
  if (!text.startsWith(first, position)) return null
  let at = position + first.length
  const groups = pattern.match(/\uFFFD+/g)!
  for (const [index, literal] of literals.entries()) {
    if (at >= text.length) return null
    // Only the last may be empty: parts at the end, which reach to where the next token begins.
    const anchor = literal || nextPattern().split(replacement, 1)[0]!
    const parts = groups[index]!.length
    const end = anchor === '' ? null : endBefore(anchor, text, at, parts)
    if (end !== null) at = end + literal.length
    else if (literal === '') at = endOfParts(text, at, parts)
    else return null
  }
  return at - position
}

/** Where `anchor` first begins after characters whose bytes may be so many parts, each of one to three bytes. */
function endBefore(anchor: string, text: string, start: number, parts: number): number | null {
  let bytes = 0
  for (let at = start; at < text.length && bytes < 3 * parts; ) {
    bytes += byteLength(text.codePointAt(at)!)
    at += characterLength(text, at)
    if (bytes >= parts && text.startsWith(anchor, at)) return at
  }
  return null
}

/** Without what follows to go by: as many characters beyond ASCII, which alone are cut, as there are parts at most. */
function endOfParts(text: string, start: number, parts: number): number {
  let at = start
  for (let count = 0; count < parts && at < text.length; count++) {
    if (count > 0 && text.codePointAt(at)! < 0x80) break
    at += characterLength(text, at)
  }
  return at
}

function characterLength(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}

/** In UTF-8. */
function byteLength(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
}
