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
  ...{
    cdot: '*',
    times: '*',
    ast: '*',
    div: '/',
    bmod: 'mod',
    surd: 'radical',
    asin: 'arcsin',
    acos: 'arccos',
  },
  ...{ atan: 'arctan', varphi: 'phi', varepsilon: 'epsilon', vartheta: 'theta', sqrt: 'sqrt' },
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
