import { type Expression, sum } from './expression.ts'
import { parseRational, type Rational } from './rational.ts'
import { isWord } from './units.ts'

/** A piece of an expression in LaTeX or plain notation. */
export interface Token {
  /** A command is named without its backslash; a word is none of mathematics. */
  kind: 'number' | 'letter' | 'command' | 'sign' | 'word'
  text: string
}

/** The name of an unknown that a letter or a Greek letter's command is. */
export function nameOfToken({ kind, text }: Token): string {
  return kind === 'command' ? `\\${text}` : text
}

/** Names that are read without a backslash too. */
const plainNames = new Set(
  (
    'sin cos tan cot sec csc arcsin arccos arctan arccot asin acos atan sinh cosh tanh coth ln log lg exp sqrt cbrt abs floor ceil ' +
    'gcd lcm max min mod cis pi theta alpha beta gamma lambda sigma omega phi infinity degrees degree deg'
  ).split(' '),
)

const synonyms: Record<string, string> = {
  ...{ deg: 'degrees', degree: 'degrees', infinity: 'infty' },
  ...{ dbinom: 'binom', tbinom: 'binom', mid: '|', lbrack: '[', rbrack: ']', lparen: '(', rparen: ')' },
  ...{ cdot: '*', times: '*', ast: '*', div: '/', bmod: 'mod', surd: 'radical' },
  ...{ asin: 'arcsin', acos: 'arccos', atan: 'arctan' },
  ...{ varphi: 'phi', varepsilon: 'epsilon', vartheta: 'theta' },
  ...{ rightarrow: 'to', longrightarrow: 'to', iint: '', mleft: '', mright: '' },
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** Sizing and spacing that says nothing. */
const ignored = new Set('left right displaystyle limits quad qquad , ; : ! mathrm'.split(' '))

/** Symbols of units, wherever they stand. */
const unitSymbol = /^(?:cm|mm|km|kg|mg|ml|mL|ft|Hz|kW|kJ)$/
/** Two letters that are a word of English where they stand apart; in at^3 they are factors. */
const shortWord = /^(?:no|on|is|it|an|at|to|of|or|up|so|we|he|me|my|by|go|if|in|as|us|am|pm|ok)$/

const pattern =
  /\s+|\\([a-zA-Z]+)|\\[{}%|]|\\[,;:! ]|((?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+|\.(?!\.))?|(?<!\.)\.\d+)(\.\.\.)?|([a-zA-Z]+)|[\s\S]/gu

/**
 * Cuts a cleaned answer into tokens. A run of letters is a product of unknowns (5ab, 2 mgh) unless it is a word, with which the
 * text is no expression. A decimal before three dots is a number with the dots: 0.444...
 */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(pattern)) {
    const [whole, command, number, dots, letters] = match
    if (command !== undefined) pushCommand(tokens, command)
    else if (number !== undefined)
      tokens.push({ kind: 'number', text: number.replaceAll(',', '') + (dots ?? '') })
    else if (letters !== undefined) pushLetters(tokens, letters, text)
    else if (/^\s|^\\[,;:! ]$/.test(whole)) continue
    else if (superscripts.includes(whole)) pushSuperscript(tokens, String(superscripts.indexOf(whole)))
    else tokens.push({ kind: 'sign', text: whole === '\\%' ? '%' : whole === '\\|' ? '|' : whole })
  }
  return tokens
}

function pushSuperscript(tokens: Token[], digit: string): void {
  const last = tokens.at(-1)
  // x¹² is x^12.
  if (last?.kind === 'number' && tokens.at(-2)?.text === '^' && tokens.at(-2)?.kind === 'sign')
    tokens[tokens.length - 1] = { kind: 'number', text: last.text + digit }
  else tokens.push({ kind: 'sign', text: '^' }, { kind: 'number', text: digit })
}

function pushCommand(tokens: Token[], command: string): void {
  if (ignored.has(command)) return
  const name = synonyms[command] ?? command
  if (name !== '') tokens.push({ kind: /^[a-zA-Z]/.test(name) ? 'command' : 'sign', text: name })
}

function pushLetters(tokens: Token[], letters: string, text: string): void {
  if (letters.length === 1) return void tokens.push({ kind: 'letter', text: letters })
  const name = letters.toLowerCase()
  if (name === 'percent') return void tokens.push({ kind: 'sign', text: '%' })
  if (plainNames.has(name)) {
    const known = synonyms[name] ?? name
    return void tokens.push({ kind: 'command', text: known === 'sqrt' ? 'radical' : known })
  }
  if (isWordHere(letters, text)) tokens.push({ kind: 'word', text: letters })
  else for (const letter of letters) tokens.push({ kind: 'letter', text: letter })
}

/**
 * A run of more than four letters is a word, and so is one of capitals alone, which names points (PQ), or an order (BCA), or a
 * choice of some letters; within an expression shorter ones are products.
 */
function isWordHere(letters: string, text: string): boolean {
  if (letters.length > 4 || unitSymbol.test(letters)) return true
  const isApart = new RegExp(`(?:^|[\\s}])${letters}(?:$|[\\s\\\\])`).test(text)
  if (shortWord.test(letters)) return isApart
  if (letters.length < text.trim().length) return isApart && letters.length >= 3 && isWord(letters)
  const isOfWords = letters.length > 3 || isWord(letters) || (letters.length === 3 && /[aeiou]/.test(letters))
  return isOfWords || /[A-Z]/.test(letters)
}

/** Thrown at what is no expression that grading reads. */
export class NotAnExpression extends Error {}

/** A place in a row of tokens, and what the operators that have a syntax of their own read with: sums, integrals, limits, derivatives. */
export abstract class ExpressionReader {
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

/** The exact value of a decimal's digits. Throws NotAnExpression where it is none. */
export function readDecimal(text: string): Rational {
  const value = parseRational(text.replace(/\.$/, ''))
  if (value === null) throw new NotAnExpression()
  return value
}

/** A decimal whose last digits repeat for ever: 0.1\overline{6} = 0.1 + 6/90. Throws NotAnExpression where it is none. */
export function repeatingDecimal(text: string, period: string): Expression {
  const decimals = /^\d*\.(\d*)$/.exec(text)?.[1]
  if (decimals === undefined) throw new NotAnExpression()
  const scale = 10n ** BigInt(decimals.length)
  const value = { numerator: BigInt(period), denominator: scale * (10n ** BigInt(period.length) - 1n) }
  return sum({ kind: 'number', value: readDecimal(text) }, { kind: 'number', value })
}

/** A decimal whose last digits go on as the dots say, where they show how: 0.444... is 4/9. Throws NotAnExpression where not. */
export function continuedDecimal(text: string): Expression {
  const [, start, decimals] = /^(\d*\.)(\d+)$/.exec(text) ?? []
  if (decimals === undefined) throw new NotAnExpression()
  for (let length = 1; 2 * length <= decimals.length; length++) {
    const period = decimals.slice(-length)
    if (decimals.slice(-2 * length, -length) !== period) continue
    const rest = decimals.slice(0, -length)
    return repeatingDecimal(`${start}${rest}`, period)
  }
  throw new NotAnExpression()
}
