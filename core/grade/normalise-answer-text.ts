const symbols: [RegExp, string][] = [
  [/∞/g, '\\infty'],
  [/π/g, '\\pi'],
  [/√/g, '\\sqrt'],
  [/∪/g, '\\cup'],
  [/[·⋅]/g, '\\cdot'],
  [/≤|\\leq(?![a-z])/g, '\\le'],
  [/≥|\\geq(?![a-z])/g, '\\ge'],
  [/≠|\\neq(?![a-z])/g, '\\ne'],
]

/** One form for cleaned answers that differ in notation only, for those that are no single number. */
export function normaliseAnswerText(cleaned: string): string {
  let text = cleaned.replace(/\\(?:text|textbf|textrm|mbox|mathrm|mathbf|operatorname)\{([^{}]*)\}/g, '$1')
  for (const [pattern, replacement] of symbols) text = text.replace(pattern, replacement)
  text = text
    .replace(/\\sqrt ?(\w)/g, '\\sqrt{$1}')
    .replace(
      /\\frac ?(?:\{([^{}]*)\}|(\w)) ?(?:\{([^{}]*)\}|(\w))/g,
      (_, a, b, c, d) => `\\frac{${a ?? b}}{${c ?? d}}`,
    )
    .replace(/([\^_])\{(\w)\}/g, '$1$2')
    // Not between digits: 1 2 is not 12.
    .replace(/(?<!\d)\s+|\s+(?!\d)/g, '')
    // 2:30 p.m. is 2:30 PM.
    .replace(/(?<![a-z])([ap])\.?m\.?$/i, (_, half: string) => `${half.toLowerCase()}m`)
    .replace(/(?:(?<!\.)\.(?!\.)|[,;:])+$/, '')
    // The unknown before an only equals sign: `y = 2x + 3`.
    .replace(/^[a-z]=(?=[^=]+$)/i, '')
    // The letter of a choice: (C), C), option C.
    .replace(/^(?:[Aa]nswer|[Cc]hoice|[Oo]ption)?\(?([A-Z])\)?$/, '$1')
  return /^[a-z]{2,}$/i.test(text) ? text.toLowerCase() : text
}
