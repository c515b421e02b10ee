/**
 * Content of the last balanced `\boxed{...}` or `\fbox{...}` that holds something; null if there is none.
 * One pass, so the time is linear in the text whatever it holds.
 */
export function lastBoxed(text: string): string | null {
  /** Where the content of each open brace begins; null for a brace that belongs to no box. */
  const open: (number | null)[] = []
  let start = -1
  let end = -1
  const tokens = /\\{1,2}(?:boxed|fbox)\s{0,8}\{|\\[\s\S]|[{}]/g
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') open.push(null)
    else if (token[0] === '}') {
      const contentStart = open.pop() ?? null
      // The box that opens last counts, so of nested ones the inner.
      if (contentStart === null || contentStart < start) continue
      if (text.slice(contentStart, token.index).trim() === '') continue
      start = contentStart
      end = token.index
    } else if (token[0].endsWith('{') && token[0].length > 2) open.push(tokens.lastIndex)
  }
  return start === -1 ? null : text.slice(start, end).trim()
}
