const letter = String.raw`(?:\\[a-zA-Z]+|[a-zA-Z])`
const index = String.raw`(?:_(?:\w|\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}))?`
/** The source of a pattern: an unknown with its index and primes. */
export const symbol = `${letter}${index}'*`
const points = String.raw`[A-Z]{1,4}(?:_\{?\w+\}?)?'?`

/** An unknown, or what else names what follows and nothing but that: x, x_1, f(x), AB, \angle ABC, (x, y). */
const plainName = new RegExp(
  [
    String.raw`^(?:(?:m ?)?\\(?:angle|measuredangle|triangle) ?)?[a-zA-Z]{1,4}${index}'*(?:\([a-z\d](?:, ?[a-z\d])*\))?$`,
    String.raw`^\\[a-z]+${index}$`,
    String.raw`^\( ?${symbol}(?: ?, ?${symbol})+ ?\)$`,
    String.raw`^\\text ?\{[^{}]*\}$`,
    `^[A-Za-z][A-Za-z ]*$`,
  ].join('|'),
)

/** A quantity that has a notation of its own: |PQ|, [ABC], \overline{PQ}, P(A|B), f(g(2)), \cos A, A^{-1}, dy/dx, PQ/RS. */
const quantity = new RegExp(
  [
    String.raw`^(?:\|(?:[A-Z][^|]*|[a-cu-wz]|[^|]*\\[^|]*|[a-z] ?[+-] ?[a-z]? ?i)\||\\\|[^|]+\\\|)(?:\^ ?\{?2\}?)?$`,
    String.raw`^\|(?:[^|xytn]|[^|]{2,})\| ?\^ ?\{?2\}?$`,
    String.raw`^\[ ?${points} ?\]$`,
    String.raw`^\\(?:overline|vec|overrightarrow|bar|hat|tilde|widehat|mathbf)(?: ?\{[^{}]*\}| ?\w)${index}$`,
    String.raw`^\|?\\(?:overline|vec|overrightarrow) ?\{[^{}]*\}\|?$`,
    String.raw`^${symbol}(?:\^\{-1\}|')*\(.*\)$`,
    String.raw`^[A-Z]${index}\^ ?(?:\{?-1\}?|\{?T\}?|\\top)$`,
    String.raw`^\\(?:sin|cos|tan|cot|sec|csc|ln|log|det|gcd|deg|dim|max|min|Re|Im|arg)(?:\^\d)? ?\(? ?(?:\\angle ?)?(?:${symbol}|${points}) ?\)?$`,
    String.raw`^\\frac ?\{ ?d?${symbol} ?\} ?\{ ?d?${symbol} ?\}$`,
    String.raw`^\\frac ?\{ ?d(?:\^\{?\d\}?)? ?(?:${symbol})? ?\} ?\{ ?d ?${symbol}(?:\^\{?\d\}?)? ?\}.*$`,
    String.raw`^\\frac ?\{ ?\|?\[?${points}\]?\|? ?\} ?\{ ?\|?\[?${points}\]?\|? ?\}$`,
    `^(?:${points}) ?/ ?(?:${points})$`,
    String.raw`^(?:m ?)?\\angle ?\w+$`,
    String.raw`^(?:\\[a-z]+|[A-Z]{1,2}|r|d|s)${index}\^ ?\{?2\}?$`,
    String.raw`^\\text ?\{[^{}]*\}.{0,20}$`,
  ].join('|'),
)

/** A member of a ratio. Ratios are split first: what a pattern of many members could read in two ways it would try in 2^members. */
const member = new RegExp(`^ ?(?:${symbol}|${points}) ?$`)
const isRatio = (text: string) => text.includes(':') && text.split(':').every(part => member.test(part))

/** What stands left of an equals sign: a name alone, a quantity with a notation of its own, an expression, or a number. */
export function nameKind(text: string): 'plain' | 'quantity' | 'expression' | null {
  if (plainName.test(text) && text !== 'e' && text !== '\\pi' && text !== '\\infty') return 'plain'
  if (quantity.test(text) || isRatio(text)) return 'quantity'
  const letters = text.replace(
    /\\(?!(?:alpha|beta|gamma|delta|theta|lambda|mu|phi|omega)(?![a-z]))[a-zA-Z]+/g,
    ' ',
  )
  const unknowns = new Set(letters.match(/(?:\\[a-z]+|[a-zA-Z])(?:_\w|_\{\w+\})?/g) ?? [])
  // Of one unknown, x^2 = 4 and 2x = 10 say something else than 4 and 10; of x and y, an equation is a curve.
  const isCurve = unknowns.has('x') && unknowns.has('y') && text.includes('^')
  return unknowns.size >= 2 && !isCurve ? 'expression' : null
}

const occurrence = /\\(?:text|operatorname) ?\{[^{}]*\}|\\[a-zA-Z]+|[a-zA-Z]/g
const greek =
  /^\\(?:[a-z]*(?:phi|psi)|[aelx]ta|zeta|eta|theta|alpha|beta|gamma|delta|lambda|mu|nu|rho|sigma|tau|chi|omega|Phi|Psi|Gamma|Omega|Lambda|Theta|Delta)$/
/** Behind a letter: primes, an index, the sign of an inverse, then a bracket. */
const applied = /^(?:'|_(?:\w|\{[^{}]*\})|\^\{-1\}| )*\(/
const usual = /^(?:[fFgG]|\\(?:var)?phi|\\psi|\\Phi|\\Gamma|\\zeta)$/

/**
 * Which letters of two answers are functions where a bracket follows, and not factors. `f(x + y)` and `h(5)` are values of
 * functions; `x(x + 1)` and `a(b + c)` are products. A letter is a function
 * - before a bracket without unknowns, as nobody writes 5h so;
 * - if it stands before brackets everywhere, in both texts;
 * - if it is one of the usual names (f, g, φ …) and stands before two different brackets in one text, and f wherever it does.
 */
export function functionLetters(...texts: string[]): ReadonlySet<string> {
  const letters = new Map<string, { bare: number; operands: Set<string>[] }>()
  texts.forEach((text, place) => {
    for (const { 0: letter, index } of text.matchAll(occurrence)) {
      if (letter.length > 1 && !greek.test(letter)) continue
      const use = letters.get(letter) ?? { bare: 0, operands: texts.map(() => new Set<string>()) }
      letters.set(letter, use)
      const behind = text.slice(index + letter.length)
      const head = applied.exec(behind)
      if (head) use.operands[place]!.add(operandOf(behind.slice(head[0].length)))
      else use.bare++
    }
  })
  const functions = [...letters].filter(([letter, { bare, operands }]) => {
    const all = operands.flatMap(set => [...set])
    if (all.length === 0 || letter === 'e' || letter === 'i') return false
    if (bare === 0 || /^[fF]$/.test(letter)) return true
    if (all.some(operand => /\d/.test(operand) && !/[A-Za-z]/.test(operand.replace(/\\[a-z]+/g, ''))))
      return true
    return usual.test(letter) && operands.some(set => set.size > 1)
  })
  return new Set(functions.map(([letter]) => letter))
}

function operandOf(text: string): string {
  let depth = 1
  for (let place = 0; place < text.length; place++) {
    if (text[place] === '(') depth++
    else if (text[place] === ')' && --depth === 0) return text.slice(0, place)
  }
  return text
}
