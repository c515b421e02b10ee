/** A piece of an expression in LaTeX or plain notation. */
export interface Token {
  /** A command is named without its backslash; a word is none of mathematics. */
  kind: 'number' | 'letter' | 'command' | 'sign' | 'word'
  text: string
}

/** Names that are read without a backslash too. */
const plainNames = new Set(
  (
    'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp sqrt pi theta alpha beta ' +
    'infinity degrees degree deg'
  ).split(' '),
)

const synonyms: Record<string, string> = {
  ...{ deg: 'degrees', degree: 'degrees', circ: 'degrees', infinity: 'infty' },
  ...{ dfrac: 'frac', tfrac: 'frac', cfrac: 'frac', dbinom: 'binom', tbinom: 'binom' },
  ...{ lvert: '|', rvert: '|', vert: '|', mid: '|', lbrack: '[', rbrack: ']', lparen: '(', rparen: ')' },
  ...{ cdot: '*', times: '*', ast: '*', div: '/', lbrace: '\\{', rbrace: '\\}' },
  ...{ varphi: 'phi', varepsilon: 'epsilon' },
}

const signs: Record<string, string> = { '·': '*', '⋅': '*', '×': '*', '∙': '*', '÷': '/', '−': '-', '–': '-' }

const greek: Record<string, string> = {
  ...{ π: 'pi', θ: 'theta', α: 'alpha', β: 'beta', γ: 'gamma', λ: 'lambda', μ: 'mu', φ: 'phi', ω: 'omega' },
  ...{ '√': 'radical', '∞': 'infty', '°': 'degrees' },
}

const superscripts: Record<string, string> = { '²': '2', '³': '3', '⁴': '4', '⁵': '5', '⁶': '6', '⁷': '7' }

/** Sizing and spacing that says nothing. */
const ignored = new Set(
  'big Big bigg Bigg bigl bigr Bigl Bigr left right displaystyle limits quad qquad'.split(' '),
)

const pattern =
  /\s+|\\([a-zA-Z]+)|\\[{}%|]|\\[,;:! ]|((?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d*)?|\.\d+)|([a-zA-Z]+)|[\s\S]/gu

/**
 * Cuts a cleaned answer into tokens. A run of up to four letters beside a number or a sign is a product of unknowns
 * (`5ab`); any other run of letters is a word, with which the text is no expression.
 */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(pattern)) {
    const [whole, command, number, letters] = match
    if (command !== undefined) pushCommand(tokens, command)
    else if (number !== undefined) tokens.push({ kind: 'number', text: number.replaceAll(',', '') })
    else if (letters !== undefined) pushLetters(tokens, letters, text, match.index)
    else if (/^\s|^\\[,;:! ]$/.test(whole)) continue
    else if (greek[whole] !== undefined) tokens.push({ kind: 'command', text: greek[whole] })
    else if (superscripts[whole] !== undefined)
      tokens.push({ kind: 'sign', text: '^' }, { kind: 'number', text: superscripts[whole] })
    else
      tokens.push({
        kind: 'sign',
        text: whole === '\\%' ? '%' : whole === '\\|' ? '|' : (signs[whole] ?? whole),
      })
  }
  return tokens
}

function pushCommand(tokens: Token[], command: string): void {
  if (ignored.has(command)) return
  const name = synonyms[command] ?? command
  tokens.push({ kind: /^[a-zA-Z]/.test(name) ? 'command' : 'sign', text: name })
}

function pushLetters(tokens: Token[], letters: string, text: string, index: number): void {
  if (letters.length === 1) return void tokens.push({ kind: 'letter', text: letters })
  const name = letters.toLowerCase()
  if (name === 'percent') return void tokens.push({ kind: 'sign', text: '%' })
  if (plainNames.has(name)) {
    const known = synonyms[name] ?? name
    return void tokens.push({ kind: 'command', text: known === 'sqrt' ? 'radical' : known })
  }
  const isAlone = letters.length === text.length
  const isSpaced =
    /[\w)}.] $/.test(text.slice(0, index)) || /^ [\w(\\{]/.test(text.slice(index + letters.length))
  if (isAlone || isSpaced || letters.length > 4) tokens.push({ kind: 'word', text: letters })
  else for (const letter of letters) tokens.push({ kind: 'letter', text: letter })
}
