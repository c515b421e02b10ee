import type { Expression } from './expression.ts'
import type { Token } from './tokenise.ts'

/** Thrown at what is no expression that grading reads. */
export class NotAnExpression extends Error {}

/** A place in a row of tokens. */
export class TokenCursor {
  tokens: readonly Token[]
  at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  next(): Token | undefined {
    return this.tokens[this.at]
  }

  /** The next token, passed. Throws NotAnExpression at the end. */
  take(): Token {
    const token = this.tokens[this.at++]
    if (token === undefined) throw new NotAnExpression()
    return token
  }

  sees(sign: string): boolean {
    const token = this.next()
    return token?.kind === 'sign' && token.text === sign
  }

  /** Passes a sign if it is next. */
  takes(sign: string): boolean {
    if (!this.sees(sign)) return false
    this.at++
    return true
  }

  /** Passes a command if it is next. */
  takesCommand(name: string): boolean {
    const token = this.next()
    if (token?.kind !== 'command' || token.text !== name) return false
    this.at++
    return true
  }

  /** Puts a token before the next one. */
  put(token: Token): void {
    this.tokens = this.tokens.toSpliced(this.at, 0, token)
  }
}

/** What the operators that have a syntax of their own read with: sums, integrals, limits, derivatives. */
export abstract class ExpressionReader extends TokenCursor {
  /** All of some tokens as one expression, nested as deep as this place. */
  abstract parse(tokens: readonly Token[]): Expression
  /** A product, as far as it goes. */
  abstract product(): Expression
  /** The argument of a command: a group, or one digit, letter or command with a sign before it. */
  abstract argument(): Expression

  /** The tokens inside of braces that are next, passed; null where none are. */
  braced(): readonly Token[] | null {
    if (!this.takes('{')) return null
    const start = this.at
    for (let depth = 1; depth > 0; ) {
      const { kind, text } = this.take()
      if (kind === 'sign' && text === '{') depth++
      if (kind === 'sign' && text === '}') depth--
    }
    return this.tokens.slice(start, this.at - 1)
  }
}
