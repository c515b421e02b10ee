/** Commands that change how something looks; what they enclose, or what follows, stays. */
const looks =
  'displaystyle|textstyle|scriptstyle|limits|nolimits|bf|rm|it|sf|tt|sc|sl|bfseries|itshape|boldmath|normalsize|small|large|Large|LARGE|huge|Huge|centering|noindent|strut|left|right|middle|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|biggl|biggr|Biggl|Biggr|bigm|Bigm'
/** Commands whose braces hold words. */
const wordGroups =
  'text|textbf|textrm|textnormal|textup|textit|textsf|textsc|texttt|textmd|emph|mbox|hbox|mathrm|mathsf|mathtt'
/** Commands whose braces hold mathematics in another letter. */
const letterGroups =
  'mathbf|mathit|mathnormal|boldsymbol|bm|pmb|mathcal|mathscr|underline|ensuremath|textcolor ?\\{[^{}]*\\}|color ?\\{[^{}]*\\}|colorbox ?\\{[^{}]*\\}|cancel'

/** Characters that stand for a command, each before its name. */
const commands = Object.fromEntries(
  [
    ...'α alpha, β beta, γ gamma, δ delta, ε epsilon, θ theta, λ lambda, μ mu, µ mu, π pi, ρ rho, σ sigma'.split(
      ', ',
    ),
    ...'τ tau, φ phi, ϕ phi, χ chi, ψ psi, ω omega, Δ Delta, Σ Sigma, · cdot, ⋅ cdot, ∙ cdot, × times'.split(
      ', ',
    ),
    ...'÷ div, ≤ le, ≥ ge, ≠ ne, ≈ approx, ≡ equiv, ± pm, ∓ mp, ∞ infty, √ surd, ∪ cup, ∩ cap, ∈ in'.split(
      ', ',
    ),
    ...'∅ emptyset, ⟨ langle, ⟩ rangle, ⌊ lfloor, ⌋ rfloor, ⌈ lceil, ⌉ rceil, ∠ angle'.split(', '),
  ].map(pair => pair.split(' ') as [string, string]),
)
const commandCharacter = new RegExp(`[${Object.keys(commands).join('')}]`, 'g')

/** Characters and commands that are other ways to write one thing. Those of one step do not depend on each other. */
const notations: [RegExp, string][] = [
  // Characters.
  [/[\u200B-\u200D\u2060\uFEFF]/g, ''],
  [/[−–﹣－]/g, '-'],
  [/[\u00A0\u2009\u202F\u2007\u3000]/g, '\u2009'],
  [/⁄/g, '/'],
  [/<=/g, '\\le '],
  [/>=/g, '\\ge '],
  [/!=/g, '\\ne '],
  [/\+\/-/g, '\\pm '],
  [/ℝ/g, '\\mathbb{R}'],
  [/ℤ/g, '\\mathbb{Z}'],
  [/…/g, '...'],
  [/\*\*/g, '^'],
  [/(?<![A-Za-z\\])(?:infinity|infty|inf|oo)(?![A-Za-z])/gi, '\\infty '],
  // Synonyms among commands.
  [/\\(?:leqslant|leqq|leq)(?![a-z])/g, '\\le '],
  [/\\(?:geqslant|geqq|geq)(?![a-z])/g, '\\ge '],
  [/\\neq(?![a-z])/g, '\\ne '],
  [/\\lt(?![a-z])/g, '<'],
  [/\\gt(?![a-z])/g, '>'],
  [/\\(?:approxeq|simeq|thickapprox|doteq)(?![a-z])/g, '\\approx '],
  [/\\plusmn(?![a-z])/g, '\\pm '],
  [/\\(?:varnothing|O)(?![a-zA-Z])/g, '\\emptyset '],
  [/\\lbrace(?![a-z])/g, '\\{'],
  [/\\rbrace(?![a-z])/g, '\\}'],
  [/\\(?:lvert|rvert|vert)(?![a-z])/g, '|'],
  [/\\(?:lVert|rVert|Vert)(?![a-z])/g, '\\|'],
  [/\\(?:lor|vee)(?![a-z])/g, ' or '],
  [/\\(?:land|wedge)(?![a-z])/g, ' and '],
  [/\\(?:setminus|smallsetminus|backslash)(?![a-z])/g, '\\setminus '],
  [/\\(?:mathbb|mathbf|Bbb) ?(?:\{ ?R ?\}|R)|\\(?:R|reals|Reals)(?![a-zA-Z])/g, '\\mathbb{R}'],
  [/\\(?:dfrac|tfrac|cfrac|nicefrac|sfrac|xfrac)(?![a-z])/g, '\\frac'],
  [/\\(?:ldots|cdots|dots|dotsc|dotsb)(?![a-z])/g, '...'],
  [/\\(?:hspace|vspace|phantom|hphantom|vphantom|tag|label|kern)\*? ?\{[^{}]*\}/g, ' '],
  [/\\([$%#&])/g, '$1'],
  [/\\textdollar(?![a-z])/g, '$'],
  [/\\(?:pounds|textsterling)(?![a-z])/g, '£'],
  [/\\(?:euro|texteuro)(?![a-z])/g, '€'],
]

const spacings: [RegExp, string][] = [
  [/(?<!\\)\\!/g, ''],
  [/(?<!\\)\\(?:[,;:> ]|(?:thinspace|medspace|thickspace|enspace|space)(?![a-z]))|[~\u2009]|[^\S\n]+/g, ' '],
  [/\\([$%#&])/g, '$1'],
  [/(?<=\{) +| +(?=\})/g, ''],
  [/ {2,}/g, ' '],
]

const bases = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')

const wrappers = [
  /^\$\$([\s\S]*)\$\$$/,
  /^\$((?:[^$\\]|\\[\s\S])*)\$$/,
  /^\\\(([\s\S]*)\\\)$/,
  /^\\\[([\s\S]*)\\\]$/,
  /^\*\*([\s\S]*)\*\*$/,
  /^__([\s\S]*)__$/,
  /^`([^`]*)`$/,
  /^"([^"]*)"$/,
  /^[“‘]([^”’]*)[”’]$/,
]
const bracedWrapper = /^(?:\\(?:boxed|fbox|framebox|text) ?)?\{/

/** Commands that a doubled backslash may stand before, where a text was escaped twice. */
const doubled =
  /\\\\(?=(?:frac|dfrac|tfrac|sqrt|pi|text|textbf|mathrm|mathbf|boxed|fbox|left|right|cdot|times|le|leq|ge|geq|ne|neq|pm|infty|cup|cap|in|circ|degree|theta|alpha|beta|gamma|sin|cos|tan|ln|log|binom|begin|end|langle|rangle|angle|overline|ldots|cdots|quad|qquad|displaystyle|approx|mathbb|sum|prod|int|lim)(?![a-zA-Z]))/g

/**
 * An answer without what says nothing about its value, in one notation: math delimiters, Markdown, fonts, colours, LaTeX spacing
 * and sizing are gone; characters and synonyms of commands stand in one form; words stand in `\text{}`; degrees are `degrees`;
 * digits are not grouped; a full stop behind the answer is gone. Rows and wide spaces become line breaks.
 */
export function cleanAnswer(text: string): string {
  let cleaned = text.trim()
  // A matrix has rows, so that `\\` before a command may end one; else it is a backslash that was escaped twice.
  if (!/(?<!\\)\\begin/.test(cleaned)) cleaned = cleaned.replace(doubled, '\\')
  cleaned = stripEnds(cleaned)
  // One character that is a fraction: compatibility decomposition (Unicode NFKC) makes 1⁄2 of ½.
  cleaned = cleaned.replace(/[¼½¾⅐-⅞]/g, sign => `\\frac{${sign.normalize('NFKC').replace('⁄', '}{')}}`)
  cleaned = cleaned
    .replace(/[₀-₉]+/g, digits => `_{${digits.normalize('NFKC')}}`)
    .replace(/[\uFF01-\uFF5E]/g, sign => sign.normalize('NFKC'))
    .replace(commandCharacter, sign => `\\${commands[sign]} `)
  for (const [pattern, replacement] of notations) cleaned = cleaned.replace(pattern, replacement)
  cleaned = cleaned
    .replace(new RegExp(`\\\\(?:${looks})(?![a-zA-Z])\\.?`, 'g'), '')
    .replace(
      /\\(?:mathbf|mathbb|boldsymbol|bm|hat|vec|mathrm|widehat) ?\{? ?\\?(i|j|k|[ij]math)(?![a-zA-Z]) ?\}?/g,
      unitVector,
    )
    .replace(new RegExp(`\\\\(?:${letterGroups}) ?(?=\\{|\\\\[a-z]+ ?\\{)`, 'g'), '')
    .replace(/\\color ?\{[^{}]*\}/g, '')
    .replace(new RegExp(`\\\\(?:${wordGroups}) ?(?=\\{)`, 'g'), '\\text')
    .replace(/\\(?:begin|end) ?\{(?:align|aligned|gather|gathered|split|equation|multline|center)\*?\}/g, '')
    .replace(/(?<=\\text ?\{[^{}]*\^)\{(-?\d)\}/g, '$1')
  cleaned = groupDigits(cleaned)
  for (const [pattern, replacement] of spacings) cleaned = cleaned.replace(pattern, replacement)
  cleaned = cleaned
    .replace(/ ?\^ ?(?:\\circ|\{ ?\\circ ?\})(?![a-z])|°|\\(?:degree|textdegree)(?![a-z])/g, ' degrees')
    .replace(/ degrees ?(?:\\text ?\{ ?([CF]) ?\}|([CF])(?![A-Za-z]))/g, scaleOfDegrees)
    // Math inside of words, `\text{if $x > 0$}`, and beside them: `$36$ %`.
    .replace(/(?<![\\\w])\$([^$\s]|[^$\s][^$]*[^$\s\\])\$(?!\w)/g, '$1')
  cleaned = cleaned
    // 1101_{\text{two}}, 1101 (base 2)
    .replace(/(?<=\d_\{? ?\\text ?\{? ?)([a-z]+)(?= ?\}\}?)/g, word =>
      String(Math.max(bases.indexOf(word), 0) || word),
    )
    .replace(/(?<=\d)_\{? ?\\text ?\{? ?(\d+) ?\}\}?/g, '_$1')
    .replace(/(?<=\d)_\{? ?\(? ?(\d+) ?\)? ?\}/g, '_$1')
    .replace(/(?<=\d) ?\(?(?:\\text ?\{ ?\(? ?)?(?:in )?base[- ](\d+)[) }]*$/g, '_$1')
  cleaned = lines(cleaned)
  return stripEnds(cleaned)
}

function scaleOfDegrees(_: string, inText: string | undefined, bare: string): string {
  return (inText ?? bare) === 'C' ? '\\text{celsius}' : '\\text{fahrenheit}'
}

function unitVector(_: string, letter: string): string {
  return `\\unit${letter[0]} `
}

/** Digits in groups of three as one number: 1,000 stays, but 1\,000, 1{,}000, 46,\! 215 and 46 215 are told by nothing else. */
function groupDigits(text: string): string {
  return text
    .replace(/(?<=\d) ?(?:\{ ?,(?:\\!)? ?\}|,\\! ?) ?(?=\d{3}(?!\d))/g, '')
    .replace(/(?<=\d)(?:\\[,!]|[\u2009~]) ?(?=\d{3}(?!\d))/g, '')
    .replace(/\{ ?, ?\}/g, ',')
    .replace(
      /^([-+]?[$€£]? ?)(\d{1,3}(?: \d{3})+)(?=$|[.)]| (?!\d)|\\text|%)/,
      (_, sign, digits) => sign + digits.replaceAll(' ', ''),
    )
}

/** Row ends and wide spaces as line breaks where both sides hold something, as one blank where one side is bare words. */
function lines(text: string): string {
  if (!/\n|\\q?quad|\\\\/.test(text) || text.includes('\\begin'))
    return text.replace(/\s*\n\s*|\\q?quad(?![a-z]) ?/g, ' ')
  const parts = text
    .split(/\s*(?:\\\\(?:\[[^\]]*\])?|\n|\\q?quad(?![a-z]))\s*/)
    .map(part => part.replace(/^&|(?<!\\)&/g, '').trim())
    .filter(part => part !== '')
  return parts.reduce((joined, part, place) => {
    if (place === 0) return part
    const isOpen = depthOf(joined) !== 0
    const holdsValue = (side: string) =>
      /[\dA-Za-z]/.test(side.replace(/\\text ?\{[^{}]*\}|\\[a-zA-Z]+/g, ' ').replace(/\b(?:and|or)\b/g, ''))
    const ends =
      /[,;=+\-*/(]$|\b(?:and|or)$|\\[a-z]+$/.test(joined) || /^(?:[,;=+*/)]|(?:and|or)\b|[({]?mod)/.test(part)
    return `${joined}${isOpen || ends || !holdsValue(part) || !holdsValue(parts[place - 1]!) ? ' ' : '\n'}${part}`
  }, '')
}

function depthOf(text: string): number {
  let depth = 0
  for (const sign of text.replace(/\\[^{}]/g, '')) {
    if ('({['.includes(sign)) depth++
    else if (')}]'.includes(sign)) depth--
  }
  return depth
}

/** Without wrappers around it, and punctuation and space at its ends. */
function stripEnds(text: string): string {
  let stripped = text.trim()
  for (;;) {
    const before = stripped
    stripped = stripped
      // 0.333... is not 0.333.
      .replace(/(?:\\[,;:!> ]|\\q?quad|~|\s|(?<![.\\])\.(?!\.)|(?<!\\)[,;:]|\\\\|(?<!\\)\\)$/, '')
      .replace(/^(?:\\[,;:!> ](?![a-z])|\\q?quad(?![a-z])|~|\s|[:,;])/, '')
      .replace(
        /^(?:=|≈|\\approx(?![a-z])|\\text ?\{ ?(?:approximately|about|roughly|nearly) ?\}|(?:approximately|about|roughly)\b)/i,
        '',
      )
      .trim()
    for (const wrapper of wrappers) stripped = stripped.replace(wrapper, '$1').trim()
    stripped = unbrace(stripped)
    if (stripped === before) return stripped
  }
}

/** The content of `{...}` and `\text{...}` around a whole answer. */
function unbrace(text: string): string {
  const open = bracedWrapper.exec(text)
  if (open === null || !text.endsWith('}') || text.endsWith('\\}')) return text
  let depth = 0
  for (let place = open[0].length - 1; place < text.length; place++) {
    if (text[place] === '\\') place++
    else if (text[place] === '{') depth++
    else if (text[place] === '}' && --depth === 0)
      return place === text.length - 1 ? text.slice(open[0].length, -1).trim() : text
  }
  return text
}

/** One form for cleaned answers that differ in notation only, for those that are no single number. */
export function canonicalText(cleaned: string): string {
  const text = cleaned
    .replace(/\\(?:text|operatorname)\*? ?\{([^{}]*)\}/g, ' $1 ')
    .trim()
    // The letter of a choice: (C), C), option C.
    .replace(
      /^(?:(?:the )?(?:correct )?(?:answer|choice|option)(?: is)?:? ?)?\(?([A-Z])\)?$/i,
      letterOfChoice,
    )
    .replace(/\\surd ?|(?<!\\)sqrt(?=\W)/g, '\\sqrt')
    .replace(/\\sqrt ?(\w)/g, '\\sqrt{$1}')
    .replace(/\\sqrt ?\(([^()]*)\)/g, '\\sqrt{$1}')
    .replace(
      /\\frac ?(?:\{([^{}]*)\}|(\w)) ?(?:\{([^{}]*)\}|(\w))/g,
      (_, a, b, c, d) => `\\frac{${a ?? b}}{${c ?? d}}`,
    )
    .replace(/\\cdot(?![a-z])|\\times(?![a-z])/g, '*')
    .replace(/([\^_])\{(\w)\}/g, '$1$2')
    .trim()
  const written = isProse(text)
    ? withoutCase(text)
    : text
        // 1, 234 is not 1,234.
        .replace(/(?<=\d), +(?=\d{3}(?!\d))/g, ';')
        // Not between digits or words: 1 2 is not 12.
        .replace(/(?<![A-Za-z\d])\s+|\s+(?![A-Za-z\d])|(?<=[A-Za-z])\s+(?=\d)|(?<=\d)\s+(?=[A-Za-z])/g, '')
        // 2:30 p.m. is 2:30 PM, and 02:30.
        .replace(/(?<![a-z])([ap])\.?m\.?$/i, (_, half: string) => `${half.toLowerCase()}m`)
        .replace(/^0(?=\d:\d\d)/, '')
  return (
    written
      .replace(/(?:(?<!\.)\.(?!\.)|[,;:])+$/, '')
      // The unknown before an only equals sign: `y = 2x + 3`.
      .replace(/^[a-z]=(?=[^=]+$)/i, '')
  )
}

function letterOfChoice(whole: string, letter: string): string {
  return /^[A-Z]$/.test(letter) ? letter : whole
}

const common =
  /^(?:yes|no|true|false|even|odd|none|both|all|and|or|up|down|left|right|north|south|east|west|red|blue|max|min|am|pm|not|sat|sun|mon|tue|wed|thu|fri|win|tie|low|high)$/i

/** Whether a text is words alone, whose case says nothing: Monday, no solution. Names are not: PQ is not pq. */
function isProse(bracketed: string): boolean {
  const text = bracketed.replace(/^\(([^()]*)\)$/, '$1')
  if (!/^[A-Za-z][A-Za-z\s,.'’-]*$/.test(text)) return false
  return (text.match(/[A-Za-z]+/g) ?? []).some(isCaseless)
}

function isCaseless(word: string): boolean {
  if (word.length < 2) return false
  if (common.test(word)) return true
  return (
    (word.length > 2 && /^[A-Z]?[a-z]+$/.test(word) && /[aeiouy]/.test(word)) ||
    (word.length > 4 && /[AEIOUY]/i.test(word))
  )
}

/** Words in lower case without commas between them; names such as PQ and A keep their case. */
function withoutCase(text: string): string {
  return text
    .replace(/^(?:the|an?) (?=[A-Za-z]{3})(?!(?:and|or)\b)/i, '')
    .replace(/[A-Za-z]+/g, word => (isCaseless(word) ? word.toLowerCase() : word))
    .replace(/[\s,.'’()-]+/g, ' ')
    .trim()
}
