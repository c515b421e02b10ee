/** A piece of a text: with a glyph, it is what a reader would not see. */
interface VisiblePiece {
  text: string
  /** What is drawn for it when white space is shown, and always for a control character; null for plain text. */
  glyph: string | null
  /** True for what shows nothing of itself and would turn or hide its neighbours. */
  isControl: boolean
}

// Controls, soft hyphens, and characters of no width or of direction. A zero-width joiner or non-joiner and a variation
// selector are not among them: emoji and many scripts are written with them.
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is sought
  /[\t\n\r \u00A0\u2000-\u200A\u202F\u205F\u3000]|[\u0000-\u001F\u007F-\u009F\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g

/** A text cut into what is seen and what is not, in order. */
export function visiblePieces(text: string): VisiblePiece[] {
  const pieces: VisiblePiece[] = []
  let start = 0
  for (const match of text.matchAll(invisible)) {
    if (match.index > start)
      pieces.push({ text: text.slice(start, match.index), glyph: null, isControl: false })
    const { glyph, isControl } = glyphOf(match[0])
    const last = pieces.at(-1)
    // Runs of one kind are one element.
    if (last?.glyph && last.isControl === isControl && !last.text.endsWith('\n')) {
      last.text += match[0]
      last.glyph += glyph
    } else pieces.push({ text: match[0], glyph, isControl })
    start = match.index + match[0].length
  }
  if (start < text.length) pieces.push({ text: text.slice(start), glyph: null, isControl: false })
  return pieces
}

/** A text with nothing in it that turns or hides its neighbours; white space stays as it is. */
export function legibleText(text: string): string {
  return visiblePieces(text)
    .map(piece => (piece.isControl ? piece.glyph : piece.text))
    .join('')
}

/** The beginning of a text that is longer than that. */
export function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** A text on one line with its white space drawn, for a name or a list; at most `longest` characters. */
export function inlineText(text: string, longest = 40): string {
  return visiblePieces(shorten(text, longest))
    .map(piece => piece.glyph ?? piece.text)
    .join('')
}

function glyphOf(character: string): { glyph: string; isControl: boolean } {
  if (character === '\n') return { glyph: '↵', isControl: false }
  if (character === '\t') return { glyph: '→', isControl: false }
  const point = character.codePointAt(0)!
  const isSpace = character === ' ' || (/\s/.test(character) && point > 0x9f && point !== 0xfeff)
  if (isSpace) return { glyph: '·', isControl: false }
  // The block of control pictures has one for each of the first 32.
  const picture = point < 0x20 ? String.fromCodePoint(0x2400 + point) : null
  return { glyph: picture ?? `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`, isControl: true }
}
