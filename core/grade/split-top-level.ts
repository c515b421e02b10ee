const opening = new Set(['(', '[', '{', '\\{', '\\langle', '\\begin'])
const closing = new Set([')', ']', '}', '\\}', '\\rangle', '\\end'])
const token = /\\[a-zA-Z]+|\\[\s\S]|[\s\S]/g

/** The parts of a text between separators that stand in no bracket; null if its brackets do not close. */
export function splitTopLevel(
  text: string,
  separators: ReadonlySet<string>,
): { parts: string[]; found: string[] } | null {
  const parts: string[] = []
  const found: string[] = []
  let depth = 0
  let start = 0
  for (const { 0: piece, index } of text.matchAll(token)) {
    if (opening.has(piece)) depth++
    else if (closing.has(piece) && --depth < 0) return null
    else if (depth === 0 && separators.has(piece)) {
      parts.push(text.slice(start, index).trim())
      found.push(piece)
      start = index + piece.length
    }
  }
  if (depth !== 0) return null
  parts.push(text.slice(start).trim())
  return { parts, found }
}

/** What stands between a text's first and last character, if these are brackets that belong together. */
export function unbracket(text: string): { open: string; inner: string; close: string } | null {
  const open = /^(?:\\\{|\\langle|[([])/.exec(text)?.[0]
  const close = /(?:\\\}|\\rangle|[)\]])$/.exec(text)?.[0]
  if (open === undefined || close === undefined || text.length < open.length + close.length) return null
  const inner = text.slice(open.length, text.length - close.length).trim()
  return splitTopLevel(inner, new Set()) && { open, inner, close }
}
