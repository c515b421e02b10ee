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
