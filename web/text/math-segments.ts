/** A piece of a text: as it is, or a formula without its delimiters. */
export interface TextSegment {
  kind: 'text' | 'inline' | 'display'
  text: string
}

// Longer than any formula of an answer; beyond it a stray dollar would swallow pages.
const longestFormula = 4000

const delimiters = [
  { open: '\\[', close: '\\]', kind: 'display' },
  { open: '\\(', close: '\\)', kind: 'inline' },
  { open: '$$', close: '$$', kind: 'display' },
  { open: '$', close: '$', kind: 'inline' },
] as const

/**
 * Finds the mathematics of an answer: `\( \)`, `\[ \]`, `$ $`, `$$ $$`, and a `\boxed{}` that stands in the text by
 * itself. A single dollar opens a formula only before what is no space and closes it only after what is no space and
 * before what is no digit (Pandoc's rule), on one paragraph, so that prices stay text. Joined, the segments hold every
 * character but the delimiters. Linear in the text, since a search for an end is bounded.
 */
export function mathSegments(text: string): TextSegment[] {
  const segments: TextSegment[] = []
  let textStart = 0
  const push = (kind: TextSegment['kind'], start: number, end: number) => {
    if (end > start) segments.push({ kind, text: text.slice(start, end) })
  }
  const opening = /\\\\|\\\$|\\[[(]|\$\$?|\\boxed\s{0,4}\{/g
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const open = match[0]
    if (open === '\\\\' || open === '\\$') continue
    const contentStart = match.index + open.length
    if (open.startsWith('\\boxed')) {
      const end = closingBrace(text, contentStart)
      if (end === null) continue
      push('text', textStart, match.index)
      push('inline', match.index, (textStart = end + 1))
    } else {
      const { close, kind } = delimiters.find(delimiter => delimiter.open === open)!
      const end = closingDelimiter(text, contentStart, close)
      if (end === null) continue
      push('text', textStart, match.index)
      push(kind, contentStart, end)
      textStart = end + close.length
    }
    opening.lastIndex = textStart
  }
  push('text', textStart, text.length)
  return segments
}

function closingDelimiter(text: string, start: number, close: string): number | null {
  const window = text.slice(start, start + longestFormula)
  if (close === '$' && /^\s/.test(window)) return null
  for (let at = 0; at < window.length; at++) {
    if (close === '$' && window.startsWith('\n\n', at)) return null
    if (window.startsWith(close, at)) {
      if (close !== '$') return at > 0 ? start + at : null
      if (!/[\s\\]/.test(window[at - 1] ?? ' ') && !/\d/.test(window[at + 1] ?? '')) return start + at
      if (/\s/.test(window[at - 1] ?? '')) return null
    } else if (window[at] === '\\') at++
  }
  return null
}

/** Where the brace that opened just before `start` closes. */
function closingBrace(text: string, start: number): number | null {
  let depth = 1
  const last = Math.min(text.length, start + longestFormula)
  for (let at = start; at < last; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return null
}
