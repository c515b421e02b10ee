import { type Expression, integer, partsOf, symbol } from './expression.ts'
import { type ExpressionReader, NotAnExpression, nameOfToken, type Token } from './expression-tokens.ts'

/** `\sum_{k=1}^{n}` or `\prod` with its body, which ends where its product does. */
export function readSeries(reader: ExpressionReader, operation: 'sum' | 'product'): Expression {
  const { below, above } = readBounds(reader)
  if (below === null || above === null || below[1]?.text !== '=') throw new NotAnExpression()
  const index = below[0]!
  if (index.kind !== 'letter') throw new NotAnExpression()
  const from = reader.parse(below.slice(2))
  return { kind: 'series', operation, variable: index.text, from, to: above, body: reader.product() }
}

/** An integral with bounds, whose variable is named behind: \int_0^1 x\,dx. */
export function readIntegral(reader: ExpressionReader): Expression {
  const { below, above } = readBounds(reader)
  if (below === null || above === null) throw new NotAnExpression()
  const end = endOfIntegrand(reader.tokens, reader.at)
  const integrand = reader.tokens.slice(reader.at, end)
  const variable = nameOfToken(reader.tokens[end + 1]!)
  reader.at = end + 2
  const body = integrand.length === 0 ? integer(1) : reader.parse(integrand)
  return { kind: 'integral', variable, from: reader.parse(below), to: above, body }
}

/** Where the d of dx stands. */
function endOfIntegrand(tokens: readonly Token[], start: number): number {
  let depth = 0
  for (let place = start; place < tokens.length; place++) {
    const { kind, text } = tokens[place]!
    if (kind === 'sign' && '([{'.includes(text)) depth++
    else if (kind === 'sign' && ')]}'.includes(text)) depth--
    if (depth < 0) break
    const next = tokens[place + 1]
    const isVariable = next?.kind === 'letter' || next?.kind === 'command'
    if (depth === 0 && kind === 'letter' && text === 'd' && isVariable) return place
  }
  throw new NotAnExpression()
}

/** A limit, whose body ends where its product does: \lim_{x \to 0^+} x \ln x. */
export function readLimit(reader: ExpressionReader): Expression {
  const { below } = readBounds(reader)
  if (below === null || below[1]?.text !== 'to') throw new NotAnExpression()
  const text = below.map(token => token.text).join(' ')
  const [end, sign] = /\^ (?:\{ )?([+-])(?: \})?$/.exec(text) ?? ['']
  const length = end === '' ? 0 : end.split(' ').length
  const body = reader.product()
  // Where a function that nobody defined goes is not known.
  if (partsOf(body).some(part => part.kind === 'application')) throw new NotAnExpression()
  return {
    kind: 'limit',
    variable: nameOfToken(below[0]!),
    point: reader.parse(below.slice(2, below.length - length)),
    side: sign === undefined ? 'both' : sign === '+' ? 'above' : 'below',
    body,
  }
}

/**
 * `\frac{d}{dx} x^2` and `\frac{d(x^2)}{dx}` as derivatives, `\frac{dy}{dx}` as a name, of which `\frac` is passed; null of another
 * fraction, of which nothing more is passed.
 */
export function readDerivative(reader: ExpressionReader): Expression | null {
  const before = reader.at
  const [top, bottom] = [reader.braced(), reader.braced()]
  const upper = top && differential(top)
  const lower = bottom && differential(bottom)
  const [variable, ...more] = lower?.rest ?? []
  const isVariable = variable?.kind === 'letter' || variable?.kind === 'command'
  if (!upper || !lower || upper.order !== lower.order || !isVariable || more.length > 0) {
    reader.at = before
    return null
  }
  const { order, rest } = upper
  const name = nameOfToken(variable)
  if (rest.length === 1) return symbol(`d${order}${rest[0]!.text}/d${name}`)
  const body = rest.length === 0 ? reader.product() : reader.parse(rest)
  return { kind: 'derivative', variable: name, order, body }
}

/** The order of a differential and what follows it: d, d^2y, dx^2. Null of tokens that begin with none. */
function differential(written: readonly Token[]): { order: number; rest: readonly Token[] } | null {
  const tokens = written.filter(
    ({ text }, at) =>
      !(text === '{' && written[at - 1]?.text === '^') && !(text === '}' && written[at - 3]?.text === '^'),
  )
  const [first] = tokens
  if (first?.text !== 'd' && first?.text !== 'partial') return null
  const isRaised = (at: number) => tokens[at]?.text === '^' && /^[1-9]$/.test(tokens[at + 1]?.text ?? '')
  if (isRaised(1)) return { order: Number(tokens[2]!.text), rest: tokens.slice(3) }
  if (tokens.length === 4 && isRaised(2)) return { order: Number(tokens[3]!.text), rest: tokens.slice(1, 2) }
  return { order: 1, rest: tokens.slice(1) }
}

/** What stands below and above a sign with bounds. */
function readBounds(reader: ExpressionReader): { below: readonly Token[] | null; above: Expression | null } {
  let below: readonly Token[] | null = null
  let above: Expression | null = null
  for (;;) {
    if (below === null && reader.takes('_')) below = reader.braced() ?? boundTokens(reader)
    else if (above === null && reader.takes('^')) above = reader.argument()
    else return { below, above }
  }
}

/** A bound without braces: one digit, letter or command, with a sign before it. */
function boundTokens(reader: ExpressionReader): readonly Token[] {
  const start = reader.at
  reader.argument()
  const taken = reader.tokens.slice(start, reader.at)
  return taken.map(token => (token.kind === 'number' ? { ...token, text: token.text[0]! } : token))
}
