const wrappers = [
  /^\$\$([\s\S]*)\$\$$/,
  /^\$((?:[^$\\]|\\[\s\S])*)\$$/,
  /^\\\(([\s\S]*)\\\)$/,
  /^\\\[([\s\S]*)\\\]$/,
  /^\*\*([\s\S]*)\*\*$/,
  /^`([^`]*)`$/,
  /^(?:\\(?:text|textbf|textrm|mbox|mathrm|mathbf))?\{([^{}]*)\}$/,
]

const replacements: [RegExp, string][] = [
  [/\\left(?![a-z])|\\right(?![a-z])|\\displaystyle(?![a-z])|\\!/g, ''],
  [/(?<!\\)\\[,;: ]|\\q?quad(?![a-z])|[~\s\u00A0\u2009\u202F]+/g, ' '],
  [/\\[dtc]frac(?![a-z])/g, '\\frac'],
  [/(?<=\d)\{,\}(?=\d{3})/g, ''],
  [/\{,\}/g, ','],
  [/\\([$%#&])/g, '$1'],
  [/[−–﹣－]/g, '-'],
  [/⁄/g, '/'],
  [/ ?\^ ?(?:\\circ|\{ ?\\circ ?\})(?![a-z])|°/g, ' degrees'],
  [/(?<=\{) +| +(?=\})/g, ''],
  [/ {2,}/g, ' '],
]

/**
 * An answer without what says nothing about its value: math delimiters and Markdown around it, LaTeX spacing and sizing,
 * several ways to write a fraction, a minus, a degree or a thousands separator, and a full stop behind it.
 */
export function cleanAnswer(text: string): string {
  let cleaned = text.trim()
  for (;;) {
    const before = cleaned
    cleaned = cleaned
      // 0.333... is not 0.333.
      .replace(/(?:(?<!\.)\.(?!\.)|[,;:]|\\\\)+$/, '')
      .replace(/^(?:=|≈|\\approx\b|approximately\b|about\b)/i, '')
      .trim()
    for (const wrapper of wrappers) cleaned = cleaned.replace(wrapper, '$1').trim()
    if (cleaned === before) break
  }
  // A thin space between digits parts groups of three: 1\,000.
  cleaned = cleaned.replace(/(?<=\d)(?:\\[,!]|\u2009|\u202F)(?=\d{3}(?!\d))/g, '')
  // One character that is a fraction: compatibility decomposition (Unicode NFKC) makes 1⁄2 of ½.
  cleaned = cleaned.replace(/[¼½¾⅐-⅞]/g, sign => `\\frac{${sign.normalize('NFKC').replace('⁄', '}{')}}`)
  for (const [pattern, replacement] of replacements) cleaned = cleaned.replace(pattern, replacement)
  return cleaned.trim()
}
