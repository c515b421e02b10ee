import { type Expression, type FunctionName, fromDegrees, integer, negated } from './expression.ts'
import { readDecimal, repeatingDecimal } from './read-decimal.ts'
import { NotAnExpression, TokenCursor } from './token-cursor.ts'
import { tokenise } from './tokenise.ts'

/** Deeper nesting is no answer of interest, and would exhaust the stack. */
const maximumDepth = 40

const functions: Record<string, FunctionName> = {
  ...{ sin: 'Sin', cos: 'Cos', tan: 'Tan', cot: 'Cot', sec: 'Sec', csc: 'Csc' },
  ...{ arcsin: 'Arcsin', arccos: 'Arccos', arctan: 'Arctan', sinh: 'Sinh', cosh: 'Cosh', tanh: 'Tanh' },
  ...{ ln: 'Ln', log: 'Log', lg: 'Log', exp: 'Exp' },
}
const inverses: Partial<Record<FunctionName, FunctionName>> = { Sin: 'Arcsin', Cos: 'Arccos', Tan: 'Arctan' }
const greek =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega'
const symbols = new Set([...greek.split(' '), 'ell'])
const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}', '\\{': '\\}' }

/**
 * Reads a cleaned answer as one mathematical expression in LaTeX or plain notation; null if it is anything else, nested
 * deeper than 40 levels included. Products and quotients are read from left to right, as `1/2x` = (1/2)x; `x^12` is x¹²;
 * `\log` is to base 10; a whole number before a fraction of whole numbers is a mixed number; `e` and `i` are the constants.
 */
export function parseExpression(text: string): Expression | null {
  try {
    const parser = new Parser(tokenise(text))
    const expression = parser.sum()
    parser.expectEnd()
    return expression
  } catch (error) {
    if (error instanceof NotAnExpression) return null
    throw error
  }
}

/** Recursive descent over tokens. Every call takes a token or throws, and depth is bounded, so that it always ends. */
class Parser extends TokenCursor {
  #depth = 0
  #isInAbsolute = false

  expectEnd(): void {
    if (this.at < this.tokens.length) throw new NotAnExpression()
  }

  sum(): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const terms = [this.#signed(() => this.#product())]
    while (this.sees('+') || this.sees('-')) terms.push(this.#signed(() => this.#product()))
    const sum: Expression = terms.length === 1 ? terms[0]! : { kind: 'sum', terms }
    const isQuotient = this.takesCommand('over')
    const bottom = isQuotient || this.takesCommand('choose') ? this.sum() : null
    this.#depth--
    if (bottom === null) return sum
    if (isQuotient) return { kind: 'quotient', top: sum, bottom }
    return { kind: 'function', name: 'Binomial', operands: [sum, bottom] }
  }

  /** What follows, with one sign before it. */
  #signed(operand: () => Expression): Expression {
    if (this.takes('-')) return negated(operand())
    this.takes('+')
    return operand()
  }

  #product(): Expression {
    let product = this.#factor()
    const signed = () => this.#signed(() => this.#factor())
    for (;;) {
      if (this.takes('/')) product = { kind: 'quotient', top: product, bottom: signed() }
      else if (this.takes('*')) product = times(product, signed())
      else if (this.#startsFactor() && !this.#isNumberAfterFactor()) product = times(product, this.#factor())
      else return product
    }
  }

  /** Two numbers side by side may mean anything, but after a factorial: 3!7!. */
  #isNumberAfterFactor(): boolean {
    return this.next()?.kind === 'number' && this.tokens[this.at - 1]?.text !== '!'
  }

  #factor(): Expression {
    let factor = this.#primary()
    for (;;) {
      if (this.takes('^')) factor = this.takesCommand('degrees') ? fromDegrees(factor) : this.#power(factor)
      else if (this.takes('!')) factor = this.#factorial(factor)
      else if (this.takes('%')) factor = { kind: 'quotient', top: factor, bottom: integer(100) }
      else if (this.takesCommand('degrees')) factor = fromDegrees(factor)
      else return factor
    }
  }

  #factorial(operand: Expression): Expression {
    // A double factorial is another function.
    if (this.sees('!')) throw new NotAnExpression()
    return { kind: 'function', name: 'Factorial', operands: [operand] }
  }

  #power(base: Expression): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const exponent = this.sees('{') ? this.#group() : this.#signed(() => this.#primary())
    if (this.takes('^')) return { kind: 'power', base, exponent: this.#power(exponent) }
    this.#depth--
    return { kind: 'power', base, exponent }
  }

  #primary(): Expression {
    const token = this.take()
    switch (token.kind) {
      case 'number':
        return this.#number(token.text)
      case 'letter':
        if (token.text === 'e' && !this.sees('_')) return { kind: 'constant', name: 'ExponentialE' }
        if (token.text === 'i' && !this.sees('_')) return { kind: 'constant', name: 'ImaginaryUnit' }
        return this.#symbol(token.text)
      case 'command':
        return this.#command(token.text)
      case 'sign':
        this.at--
        return token.text === '|' ? this.#absolute() : this.#group()
      case 'word':
        throw new NotAnExpression()
      default:
        return token.kind satisfies never
    }
  }

  #number(text: string): Expression {
    const repeated = ['overline', 'bar', 'dot'].some(name => this.takesCommand(name))
    if (repeated) return repeatingDecimal(text, this.#digits())
    const whole: Expression = { kind: 'number', value: readDecimal(text) }
    const fraction = /^\d+$/.test(text) ? this.#properFraction() : null
    return fraction === null ? whole : { kind: 'sum', terms: [whole, fraction] }
  }

  /** The fraction of a mixed number, if the next tokens are one. */
  #properFraction(): Expression | null {
    if (this.next()?.text !== 'frac') return null
    const before = this.at
    const { tokens } = this
    this.at++
    const [top, bottom] = [this.#argument(), this.#argument()]
    if (isWhole(top) && isWhole(bottom)) return { kind: 'quotient', top, bottom }
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

  #symbol(name: string): Expression {
    if (!this.takes('_')) return { kind: 'symbol', name }
    const isBraced = this.takes('{')
    const index = this.take()
    if (index.kind === 'sign' || (isBraced && !this.takes('}'))) throw new NotAnExpression()
    return { kind: 'symbol', name: `${name}_${index.text}` }
  }

  #command(name: string): Expression {
    if (symbols.has(name) || /^[A-Z][a-z]+$/.test(name)) return this.#symbol(`\\${name}`)
    const functionName = functions[name]
    if (functionName) return this.#application(functionName)
    switch (name) {
      case 'pi':
        return { kind: 'constant', name: 'Pi' }
      case 'frac':
        return { kind: 'quotient', top: this.#argument(), bottom: this.#argument() }
      case 'binom':
        return { kind: 'function', name: 'Binomial', operands: [this.#argument(), this.#argument()] }
      case 'sqrt': {
        const degree = this.sees('[') ? this.#group() : integer(2)
        return { kind: 'root', radicand: this.#argument(), degree }
      }
      case 'radical':
        return { kind: 'root', radicand: this.#primary(), degree: integer(2) }
      case 'lfloor':
        return this.#enclosed('Floor', 'rfloor')
      case 'lceil':
        return this.#enclosed('Ceil', 'rceil')
      case 'mathrm':
      case 'operatorname':
        return this.#named()
      default:
        throw new NotAnExpression()
    }
  }

  /** `\operatorname{arctan}` and `\mathrm{e}`; another letter is a unit. */
  #named(): Expression {
    const isName = this.takes('{') && this.tokens[this.at + 1]?.text === '}'
    const name = this.take()
    this.at++
    if (!isName || (name.kind !== 'command' && !/^[ei]$/.test(name.text))) throw new NotAnExpression()
    this.put(name)
    return this.#primary()
  }

  /** A function with what it is applied to: `\sin x`, `\sin^2(x)`, `\log_2 8`, `\sin 2x`. */
  #application(name: FunctionName): Expression {
    if (++this.#depth > maximumDepth) throw new NotAnExpression()
    const base = name === 'Log' ? (this.takes('_') ? this.#argument() : integer(10)) : null
    const exponent = this.takes('^') ? this.#argument() : null
    const isInverse = exponent !== null && isMinusOne(exponent)
    const applied = isInverse ? inverses[name] : name
    if (applied === undefined) throw new NotAnExpression()
    const operand = this.#operand()
    this.#depth--
    const value: Expression = {
      kind: 'function',
      name: applied,
      operands: base ? [operand, base] : [operand],
    }
    return exponent && !isInverse ? { kind: 'power', base: value, exponent } : value
  }

  #operand(): Expression {
    if (this.sees('(') || this.sees('[') || this.sees('{')) return this.#group()
    let operand = this.#factor()
    while (this.#continuesOperand()) operand = times(operand, this.#factor())
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
    return { kind: 'function', name, operands: [operand] }
  }

  #absolute(): Expression {
    // Which bars belong together is clear for one pair only.
    if (this.#isInAbsolute) throw new NotAnExpression()
    this.at++
    this.#isInAbsolute = true
    const operand = this.sum()
    if (!this.takes('|')) throw new NotAnExpression()
    this.#isInAbsolute = false
    return { kind: 'function', name: 'Abs', operands: [operand] }
  }

  /** What stands in parentheses, brackets or braces. */
  #group(): Expression {
    const open = this.take().text
    const close = closing[open]
    if (close === undefined) throw new NotAnExpression()
    const inner = this.sum()
    if (!this.takes(close)) throw new NotAnExpression()
    return inner
  }

  /** The argument of a command: a group, or one digit, letter or command, as TeX reads it. */
  #argument(): Expression {
    if (this.sees('{')) return this.#group()
    const token = this.next()
    if (token?.kind !== 'number') return this.#signed(() => this.#primary())
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
      !['degrees', 'over', 'choose', 'rfloor', 'rceil', 'infty'].includes(token.text)
    )
  }
}

function times(a: Expression, b: Expression): Expression {
  return { kind: 'product', factors: [a, b] }
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
