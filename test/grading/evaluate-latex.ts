/** Values of letters; a letter that is not there has none. */
type Point = Readonly<Record<string, number>>
type Evaluate = (point: Point) => number

const functions: Record<string, (x: number) => number> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  arcsin: Math.asin,
  arccos: Math.acos,
  arctan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  ln: Math.log,
  log: Math.log10,
  exp: Math.exp,
}
const closing: Record<string, string> = {
  '(': ')',
  '[': ']',
  '{': '}',
  '|': '|',
  '\\lfloor': '\\rfloor',
  '\\lceil': '\\rceil',
}
const around: Record<string, (x: number) => number> = {
  '|': Math.abs,
  '\\lfloor': roundWith(Math.floor),
  '\\lceil': roundWith(Math.ceil),
}
const tokenPattern = /\\[a-zA-Z]+|\d+(?:\.\d+)?|\.\d+|[a-zA-Z]|[-+*/^!()[\]{}|]/g
const ignored = /\\(?:left|right)(?![a-zA-Z])|\\[,;:! ]|\\q?quad(?![a-zA-Z])|[ \n~]/g
/** Of these a reader has to guess what is meant, or a mathematician would let more pass than the same value. */
const ambiguous = [
  /\d\s*\\frac|\d\s+[\d.]/, // mixed numbers
  /(?<!\\[a-zA-Z]*)[a-zA-Z)]\s*\d/, // a number behind a factor
  /\/[^-+*]*[\w)}]\s*[(a-zA-Z\\]/, // a factor behind a quotient
  /[fghFGH]\s*\(/, // a function of something
  /(?<![\\a-zA-Z])(?:[a-zA-Z]{3,}|pi|cm|mm|km|kg|ft|hr|lb)(?![a-zA-Z])|^-?[\d.]+\s*[mgshlLNJVWAKCFT]$/, // words and units
  /(?<![a-zA-Z])i(?![a-zA-Z])/, // the imaginary unit
  /\+\s*[cC]$/, // any constant
]

/**
 * Reads an expression of numbers and real unknowns in the LaTeX that can mean but one thing, as a function of its letters;
 * null for any other. In double precision and without the grader's code: it is what tests measure the grader by.
 */
export function evaluator(text: string): Evaluate | null {
  const plain = text
    .replace(/\\[dt]frac(?![a-zA-Z])/g, '\\frac')
    .replace(/\\frac(\d)(\d)/g, '\\frac{$1}{$2}')
    .replace(/\\(?:cdot|times)(?![a-zA-Z])/g, '*')
    .replace(ignored, ' ')
  const tokens = plain.match(tokenPattern) ?? []
  if (tokens.length === 0 || plain.replace(tokenPattern, '').trim() !== '') return null
  if (ambiguous.some(pattern => pattern.test(plain))) return null
  let at = 0

  function expect(token: string): void {
    if (tokens[at++] !== token) throw new RangeError(token)
  }
  function sum(): Evaluate {
    let value = product()
    while (tokens[at] === '+' || tokens[at] === '-') {
      const [left, sign] = [value, tokens[at++] === '+' ? 1 : -1]
      const right = product()
      value = point => left(point) + sign * right(point)
    }
    return value
  }
  function product(): Evaluate {
    let value = signed()
    for (;;) {
      const left = value
      if (tokens[at] === '*') {
        at++
        const right = signed()
        value = point => left(point) * right(point)
      } else if (tokens[at] === '/') {
        at++
        const right = signed()
        value = point => left(point) / right(point)
      } else if (startsFactor(tokens[at])) {
        const right = power()
        value = point => left(point) * right(point)
      } else return value
    }
  }
  function signed(): Evaluate {
    if (tokens[at] !== '-' && tokens[at] !== '+') return power()
    const sign = tokens[at++] === '-' ? -1 : 1
    const value = signed()
    return point => sign * value(point)
  }
  function power(): Evaluate {
    const base = factorial()
    if (tokens[at] !== '^') return base
    at++
    const exponent = argument()
    return point => base(point) ** exponent(point)
  }
  function factorial(): Evaluate {
    let value = factor()
    while (tokens[at] === '!') {
      at++
      const inner = value
      value = point => factorialOf(inner(point))
    }
    return value
  }
  /** What stands in braces, else one sign. */
  function argument(): Evaluate {
    if (tokens[at] === '{') return factor()
    const token = tokens[at] ?? ''
    // Of \frac12 and x^10 TeX takes the first digit.
    if (/^\d{2}/.test(token)) throw new RangeError(token)
    return /^(?:\d|[a-zA-Z]|\\pi)$/.test(token) ? factor() : expected()
  }
  function expected(): never {
    throw new RangeError(tokens[at])
  }
  function factor(): Evaluate {
    const token = tokens[at++] ?? ''
    if (/^[\d.]/.test(token)) return () => Number(token)
    if (token === 'e') return () => Math.E
    if (token === '\\pi') return () => Math.PI
    if (/^[a-zA-Z]$/.test(token)) return point => point[token] ?? NaN
    const end = closing[token]
    if (end !== undefined) {
      const value = sum()
      expect(end)
      const wrap = around[token]
      return wrap ? point => wrap(value(point)) : value
    }
    if (token === '\\frac') {
      const [top, bottom] = [argument(), argument()]
      return point => top(point) / bottom(point)
    }
    if (token === '\\binom') {
      const [top, bottom] = [argument(), argument()]
      return point => binomialOf(top(point), bottom(point))
    }
    if (token === '\\sqrt') {
      let degree: Evaluate = () => 2
      if (tokens[at] === '[') {
        at++
        degree = sum()
        expect(']')
      }
      const value = argument()
      return point => rootOf(value(point), degree(point))
    }
    const apply = functions[token.slice(1)]
    if (!apply || !token.startsWith('\\')) throw new RangeError(token)
    let exponent: Evaluate = () => 1
    if (tokens[at] === '^') {
      at++
      // \sin^{-1} is a name of its own.
      if (tokens[at] === '{' && tokens[at + 1] === '-') throw new RangeError(token)
      exponent = argument()
    }
    let value = factorial()
    while (tokens[at - 1] !== ')' && startsFactor(tokens[at]) && !functions[tokens[at]!.slice(1)]) {
      const [left, right] = [value, power()]
      value = point => left(point) * right(point)
    }
    return point => apply(value(point)) ** exponent(point)
  }
  function startsFactor(token: string | undefined): boolean {
    return token !== undefined && /^(?:[\w.({[]|\\(?!rfloor|rceil))/.test(token)
  }

  try {
    const value = sum()
    return at === tokens.length ? value : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** The letters of an expression. */
export const lettersOf = (text: string) => new Set(text.replace(/\\[a-zA-Z]+/g, '').match(/[a-zA-Z]/g))

/**
 * Whether two expressions surely have different values: somewhere both have one and these lie far apart. False where they
 * have the same, or where that cannot be told.
 */
export function differ(first: string, second: string): boolean {
  const [integers, others] = [/^-?\d+$/.test(first), /^-?\d+$/.test(second)]
  if (integers && others) return BigInt(first) !== BigInt(second)
  const [a, b] = [evaluator(first), evaluator(second)]
  if (!a || !b) return false
  const letters = [...new Set([...lettersOf(first), ...lettersOf(second)])]
  return pointsFor(letters).some(point => {
    const [x, y] = [a(point), b(point)]
    return (
      Number.isFinite(x) && Number.isFinite(y) && Math.abs(x - y) > 1e-6 * (1 + Math.abs(x) + Math.abs(y))
    )
  })
}

/** Positive and negative numbers, and integers, which factorials ask for; no two letters share a value. */
function pointsFor(letters: readonly string[]): Point[] {
  const values: ((place: number) => number)[] = [
    place => 0.37 + 0.61 * place,
    place => 2.83 + 1.37 * place,
    place => 0.91 - 0.83 * place,
    place => -1.71 - 0.59 * place,
    place => 7 - place,
    place => 3 + place,
    place => 12 - 2 * place,
  ]
  return values.map(value => Object.fromEntries(letters.map((letter, place) => [letter, value(place)])))
}

/** Of what should be an integer and is one but for the error of its computation the floor cannot be told. */
function roundWith(round: (x: number) => number): (x: number) => number {
  return x => (Number.isInteger(x) || Math.abs(x - Math.round(x)) > 1e-9 ? round(x) : NaN)
}

function factorialOf(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 100) return NaN
  let product = 1
  for (let factor = 2; factor <= n; factor++) product *= factor
  return product
}

const binomialOf = (n: number, k: number) =>
  k > n ? NaN : factorialOf(n) / (factorialOf(k) * factorialOf(n - k))

function rootOf(x: number, degree: number): number {
  if (x >= 0) return x ** (1 / degree)
  return degree % 2 === 1 ? -((-x) ** (1 / degree)) : NaN
}
