import {
  constant,
  difference,
  type Expression,
  type FunctionName,
  fromDegrees,
  functionOf,
  integer,
  negated,
  operandsOf,
  powerOf,
  product,
  quotient,
  sum,
  symbol,
} from './expression.ts'
import {
  continuedDecimal,
  ExpressionReader,
  NotAnExpression,
  readDecimal,
  repeatingDecimal,
  type Token,
  tokenise,
} from './expression-tokens.ts'
import { readDerivative, readIntegral, readLimit, readSeries } from './parse-operators.ts'

/** Deeper nesting is no answer of interest, and would exhaust the stack. */
const maximumDepth = 40

const namesakes = (
  'Sin Cos Tan Cot Sec Csc Arcsin Arccos Arctan Arccot Arcsec Arccsc Sinh Cosh Tanh Coth Sech Csch Arcsinh Arccosh Arctanh ' +
  'Ln Log Exp Abs Sign Floor Ceil'
).split(' ') as FunctionName[]
/** Functions by their names in LaTeX. */
const functions: Record<string, FunctionName> = {
  ...Object.fromEntries(namesakes.map(name => [name.toLowerCase(), name])),
  ...{ arsinh: 'Arcsinh', arcosh: 'Arccosh', artanh: 'Arctanh', lg: 'Log', sgn: 'Sign' },
  ...{ Re: 'Real', Im: 'Imaginary', arg: 'Argument' },
}
/** Functions of several operands, which stand in brackets. */
const listFunctions: Record<string, FunctionName> = { gcd: 'Gcd', lcm: 'Lcm', max: 'Max', min: 'Min' }
const inverses: Partial<Record<FunctionName, FunctionName>> = {
  ...{ Sin: 'Arcsin', Cos: 'Arccos', Tan: 'Arctan', Cot: 'Arccot', Sec: 'Arcsec', Csc: 'Arccsc' },
  ...{ Sinh: 'Arcsinh', Cosh: 'Arccosh', Tanh: 'Arctanh' },
}
/** Accents make another name of a letter. */
const accents = new Set(['overline', 'bar', 'vec', 'hat', 'tilde', 'widehat', 'widetilde', 'overrightarrow'])
const units = new Set(['uniti', 'unitj', 'unitk'])
const greek =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega'
const capitals = 'Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega'
const symbols = new Set([...greek.split(' '), ...capitals.split(' '), 'ell', 'hbar'])
const noFunctions: ReadonlySet<string> = new Set()
const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}', '\\{': '\\}' }

/**
 * Reads a cleaned answer as one mathematical expression in LaTeX or plain notation; null if it is anything else, nested
 * deeper than 40 levels or of more than 1,000 factors or terms in one chain included. Products and quotients are read from left to right, as `1/2x` = (1/2)x; `x^12` is x¹²;
 * `\log` is to base 10; a whole number before a fraction of whole numbers is a mixed number; `e` and `i` are the constants. A
 * letter of `functionLetters` before a bracket is a function that nobody defined: f(x + 1).
 */
export function parseExpression(text: string, functionLetters = noFunctions): Expression | null {
  // A cross product is no product of numbers.
  if (/\\times(?![a-z])/.test(text) && /\\(?:vec|overrightarrow|unit[ijk])(?![a-z])/.test(text)) return null
  try {
    const expression = parseWhole(tokenise(text), functionLetters)
    return isShallow(expression) ? expression : null
  } catch (error) {
    if (error instanceof NotAnExpression) return null
    throw error
  }
}

/** Chains of factors and terms are as deep as they are long, and whatever reads an expression on calls itself for each level. */
const deepestExpression = 1000

function isShallow(expression: Expression): boolean {
  let level = [expression]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepestExpression) return false
    level = level.flatMap(operandsOf)
  }
  return true
}

function parseWhole(tokens: readonly Token[], functionLetters: ReadonlySet<string>, depth = 0): Expression {
  const parser = new Parser(tokens, functionLetters, depth)
  const expression = parser.sum()
  parser.expectEnd()
  return expression
}

/** Recursive descent over tokens. Every call takes a token or throws, and depth is bounded, so that it always ends. */
class Parser extends ExpressionReader {
  readonly #functionLetters: ReadonlySet<string>
  #depth: number
  #isInAbsolute = false
  /** Whether the last factor ended in an exponent that is a bare number, as 2^3 before 3^2. */
  #endsInExponent = false

  constructor(tokens: readonly Token[], functionLetters: ReadonlySet<string>, depth: number) {
    super(tokens)
    this.#functionLetters = functionLetters
    this.#depth = depth
  }

  parse(tokens: readonly Token[]): Expression {
    return parseWhole(tokens, this.#functionLetters, this.#depth)
  }

  expectEnd(): void {
    if (this.at < this.tokens.length) throw new NotAnExpression()
  }

  sum(): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const terms = [this.signed(() => this.product())]
    while (this.sees('+') || this.sees('-')) terms.push(this.signed(() => this.product()))
    const whole = terms.length === 1 ? terms[0]! : sum(...terms)
    const isQuotient = this.takesCommand('over')
    const bottom = isQuotient || this.takesCommand('choose') ? this.sum() : null
    this.#depth--
    if (bottom === null) return whole
    return isQuotient ? quotient(whole, bottom) : functionOf('Binomial', whole, bottom)
  }

  /** What follows, with one sign before it. */
  signed(operand: () => Expression): Expression {
    if (this.takes('-')) return negated(operand())
    this.takes('+')
    return operand()
  }

  product(): Expression {
    let value = this.#factor()
    const signed = () => this.signed(() => this.#factor())
    for (;;) {
      if (this.takes('/')) value = quotient(value, signed())
      else if (this.takes('*')) value = product(value, signed())
      else if (this.takesCommand('mod')) value = functionOf('Mod', value, signed())
      else if (this.#startsFactor() && !this.#isNumberAfterFactor()) value = product(value, this.#factor())
      else return value
    }
  }

  /** Two numbers side by side may mean anything, but not behind a bracket, a letter, a factorial or an exponent: (3)8, 2^3 3^2. */
  #isNumberAfterFactor(): boolean {
    if (this.next()?.kind !== 'number') return false
    const last = this.tokens[this.at - 1]!
    return last.kind === 'number' ? !this.#endsInExponent : ['%', 'degrees'].includes(last.text)
  }

  #factor(): Expression {
    this.#endsInExponent = false
    let factor = this.primary()
    for (;;) {
      const isPower = this.sees('^')
      if (this.takes('^')) factor = this.takesCommand('degrees') ? fromDegrees(factor) : this.#power(factor)
      else if (this.takes('!')) factor = this.#factorial(factor)
      else if (this.takes('%')) factor = quotient(factor, integer(100))
      else if (this.takesCommand('degrees')) factor = fromDegrees(factor)
      else return factor
      this.#endsInExponent = isPower && this.tokens[this.at - 1]?.kind === 'number'
    }
  }

  #factorial(operand: Expression): Expression {
    // A double factorial is another function.
    if (this.sees('!')) throw new NotAnExpression()
    return functionOf('Factorial', operand)
  }

  #power(base: Expression): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const exponent = this.sees('{') ? this.group() : this.signed(() => this.primary())
    if (this.takes('^')) return powerOf(base, this.#power(exponent))
    this.#depth--
    return powerOf(base, exponent)
  }

  primary(): Expression {
    const token = this.take()
    switch (token.kind) {
      case 'number':
        return this.#number(token.text)
      case 'letter':
        if (token.text === 'e' && !this.sees('_')) return constant('ExponentialE')
        if (token.text === 'i' && !this.sees('_')) return constant('ImaginaryUnit')
        return this.#named(token.text)
      case 'command':
        return this.#command(token.text)
      case 'sign':
        this.at--
        if (token.text === '|') return this.#absolute()
        return this.#combinations() ?? this.group()
      case 'word':
        throw new NotAnExpression()
      default:
        return token.kind satisfies never
    }
  }

  #number(text: string): Expression {
    const repeated = ['overline', 'bar', 'dot'].some(name => this.takesCommand(name))
    if (repeated) return repeatingDecimal(text, this.#digits())
    if (text.endsWith('...')) return continuedDecimal(text.slice(0, -3))
    // 9C2
    if (/^\d+$/.test(text) && this.next()?.text === 'C' && this.tokens[this.at + 1]?.kind === 'number') {
      this.at++
      return functionOf('Binomial', integer(BigInt(text)), integer(BigInt(this.#digits())))
    }
    const whole: Expression = { kind: 'number', value: readDecimal(text) }
    const fraction = /^\d+$/.test(text) ? this.#properFraction() : null
    return fraction === null ? whole : sum(whole, fraction)
  }

  /** The fraction of a mixed number, if the next tokens are one. */
  #properFraction(): Expression | null {
    if (this.next()?.text !== 'frac') return null
    const before = this.at
    const { tokens } = this
    this.at++
    const [top, bottom] = [this.argument(), this.argument()]
    if (isWhole(top) && isWhole(bottom)) return quotient(top, bottom)
    this.at = before
    this.tokens = tokens
    return null
  }

  #digits(): string {
    const isBraced = this.takes('{')
    const { kind, text } = this.take()
    if (kind !== 'number' || !/^\d+$/.test(text) || (isBraced && !this.takes('}')))
      throw new NotAnExpression()
    return text
  }

  /** An unknown, or what a function that nobody defined gives: x, x_1, x', f(x), f^{-1}(x). */
  #named(letter: string): Expression {
    if (letter === 'C' && this.#isPairOfNumbers()) return functionOf('Binomial', ...this.#list())
    let name = letter
    if (this.takes('_')) name += `_${this.#index()}`
    while (this.takes("'")) name += "'"
    if (!this.#functionLetters.has(letter)) return symbol(name)
    const before = this.at
    if (this.takes('^')) {
      const isInverse = isMinusOne(this.sees('{') ? this.group() : this.signed(() => this.primary()))
      if (!isInverse || !this.sees('(')) {
        this.at = before
        return symbol(name)
      }
      name += '^-1'
    }
    return this.sees('(') ? { kind: 'application', name, operands: this.#list() } : symbol(name)
  }

  /** C(9, 2) */
  #isPairOfNumbers(): boolean {
    const kinds = this.tokens
      .slice(this.at, this.at + 5)
      .map(({ kind, text }) => (kind === 'number' ? '9' : text))
    return kinds.join('') === '(9,9)'
  }

  #index(): string {
    const braced = this.braced()
    const token = braced === null ? this.take() : null
    if (token?.kind === 'sign' || braced?.length === 0) throw new NotAnExpression()
    return token?.text ?? braced!.map(({ text }) => text).join('')
  }

  /** Expressions in brackets, parted by commas. */
  #list(): Expression[] {
    const close = closing[this.take().text]
    if (close === undefined) throw new NotAnExpression()
    const items = [this.sum()]
    while (this.takes(',') || this.takes(';')) items.push(this.sum())
    if (!this.takes(close)) throw new NotAnExpression()
    return items
  }

  /** `{}_9C_2`, `_9C_2`, `{}^9C_2`; null where no such thing is next. */
  #combinations(): Expression | null {
    const before = this.at
    if (this.takes('{')) this.takes('}')
    if (this.takes('_') || this.takes('^')) {
      const total = this.argument()
      const letter = this.next()?.text
      if ((letter === 'C' || letter === 'P') && this.tokens[this.at + 1]?.text === '_') {
        this.at += 2
        const chosen = this.argument()
        if (letter === 'C') return functionOf('Binomial', total, chosen)
        const top = this.#factorial(total)
        return quotient(top, this.#factorial(difference(total, chosen)))
      }
    }
    this.at = before
    return null
  }

  #command(name: string): Expression {
    if (symbols.has(name)) return this.#named(`\\${name}`)
    if (units.has(name)) return symbol(`\\${name}`)
    const functionName = functions[name]
    if (functionName) return this.#application(functionName)
    const listFunction = listFunctions[name]
    if (listFunction) return functionOf(listFunction, ...this.#list())
    if (accents.has(name)) return symbol(`\\${name} ${this.#index()}`)
    const read = Parser.#commands[name]
    if (read === undefined) throw new NotAnExpression()
    return read(this)
  }

  /** Commands that have a syntax of their own. */
  static readonly #commands: Record<string, (parser: Parser) => Expression> = {
    pi: () => constant('Pi'),
    infty: () => constant('PositiveInfinity'),
    frac: parser => readDerivative(parser) ?? quotient(parser.argument(), parser.argument()),
    binom: parser => functionOf('Binomial', parser.argument(), parser.argument()),
    sqrt: parser => {
      const degree = parser.sees('[') ? parser.group() : integer(2)
      return { kind: 'root', radicand: parser.argument(), degree }
    },
    radical: parser => ({ kind: 'root', radicand: parser.primary(), degree: integer(2) }),
    cbrt: parser => ({ kind: 'root', radicand: parser.group(), degree: integer(3) }),
    cis: parser => powerOf(constant('ExponentialE'), product(constant('ImaginaryUnit'), parser.#operand())),
    sum: parser => readSeries(parser, 'sum'),
    prod: parser => readSeries(parser, 'product'),
    int: readIntegral,
    lim: readLimit,
    lfloor: parser => parser.#enclosed('Floor', 'rfloor'),
    lceil: parser => parser.#enclosed('Ceil', 'rceil'),
    text: parser => parser.#operatorName(),
    operatorname: parser => parser.#operatorName(),
  }

  /** `\operatorname{arctan}` and `\mathrm{e}`; another letter is a unit. */
  #operatorName(): Expression {
    const isName = this.takes('{') && this.tokens[this.at + 1]?.text === '}'
    const name = this.take()
    this.at++
    if (!isName || (name.kind !== 'command' && !/^[ei]$/.test(name.text))) throw new NotAnExpression()
    this.put(name)
    return this.primary()
  }

  /** A function with what it is applied to: `\sin x`, `\sin^2(x)`, `\log_2 8`, `\sin 2x`. */
  #application(name: FunctionName): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const base = name === 'Log' ? (this.takes('_') ? this.argument() : integer(10)) : null
    const exponent = this.takes('^') ? this.argument() : null
    const isInverse = exponent !== null && isMinusOne(exponent)
    const applied = isInverse ? inverses[name] : name
    if (applied === undefined) throw new NotAnExpression()
    const operand = this.#operand()
    this.#depth--
    const value = base ? functionOf(applied, operand, base) : functionOf(applied, operand)
    return exponent && !isInverse ? powerOf(value, exponent) : value
  }

  #operand(): Expression {
    if (this.sees('(') || this.sees('[') || this.sees('{')) return this.group()
    let operand = this.#factor()
    while (this.#continuesOperand()) operand = product(operand, this.#factor())
    return operand
  }

  #continuesOperand(): boolean {
    const token = this.next()
    if (token === undefined || token.kind === 'number') return false
    return (
      token.kind === 'letter' ||
      (token.kind === 'command' && !(token.text in functions) && this.#startsFactor())
    )
  }

  #enclosed(name: FunctionName, end: string): Expression {
    const operand = this.sum()
    if (!this.takesCommand(end)) throw new NotAnExpression()
    return functionOf(name, operand)
  }

  #absolute(): Expression {
    // Which bars belong together is clear for one pair only.
    if (this.#isInAbsolute) throw new NotAnExpression()
    this.at++
    this.#isInAbsolute = true
    const operand = this.sum()
    if (!this.takes('|')) throw new NotAnExpression()
    this.#isInAbsolute = false
    return functionOf('Abs', operand)
  }

  /** What stands in parentheses, brackets or braces. */
  group(): Expression {
    const [inner, ...others] = this.#list()
    if (others.length > 0) throw new NotAnExpression()
    return inner!
  }

  /** The argument of a command: a group, or one digit, letter or command, as TeX reads it. */
  argument(): Expression {
    if (this.sees('{')) return this.group()
    const token = this.next()
    if (token?.kind !== 'number') return this.signed(() => this.primary())
    const [digit, ...rest] = this.take().text
    if (!/\d/.test(digit!)) throw new NotAnExpression()
    if (rest.length > 0) this.put({ kind: 'number', text: rest.join('') })
    return integer(BigInt(digit!))
  }

  #startsFactor(): boolean {
    const token = this.next()
    if (token === undefined) return false
    if (token.kind === 'sign') return token.text in closing || (token.text === '|' && !this.#isInAbsolute)
    return (
      token.kind !== 'command' ||
      !['degrees', 'over', 'choose', 'rfloor', 'rceil', 'mod', 'to'].includes(token.text)
    )
  }
}

function isWhole(expression: Expression): boolean {
  return expression.kind === 'number' && expression.value.denominator === 1n
}

function isMinusOne(expression: Expression): boolean {
  if (expression.kind !== 'product' || expression.factors.length !== 2) return false
  const isSigned = (factor: Expression, sign: bigint) =>
    factor.kind === 'number' && factor.value.numerator === sign
  return isSigned(expression.factors[0]!, -1n) && isSigned(expression.factors[1]!, 1n)
}
