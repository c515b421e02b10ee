import { evaluator, lettersOf } from './evaluate-latex.ts'

/** Another way to write the same; null where a text gives no occasion for it. */
export interface Rewrite {
  name: string
  apply(text: string): string | null
}

const scopes = /\\(?:sum|prod|int|lim|pm|mp|text|in|cup|begin|pmod|equiv|le|ge|ne)/
// One letter may be a choice.
const isExpression = (text: string) => evaluator(text) !== null && !/^\s*[a-zA-Z]\s*$/.test(text)
const isNumber = (text: string) => isExpression(text) && lettersOf(text).size === 0

/** Of a value, whatever stands around it. */
export const valueRewrites: readonly Rewrite[] = [
  replacing('larger fractions', /\\frac(?![a-zA-Z])/g, '\\dfrac'),
  replacing('smaller fractions', /\\d?frac(?![a-zA-Z])/g, '\\tfrac'),
  replacing('braces around an exponent', /\^(\w)/g, '^{$1}'),
  replacing('another less or equal', /\\le(?![a-zA-Z])/g, '\\leq'),
  replacing('another greater or equal', /\\ge(?![a-zA-Z])/g, '\\geq'),
  { name: 'brackets that grow', apply: growBrackets },
  // Not within text, nor where a sign is a charge.
  ofText('room around operators', text =>
    scopes.test(text) ? null : text.replace(/(?<=[\w)}])([+=<>])(?=[\w\\(])/g, ' $1 '),
  ),
  ofText('thin spaces around operators', text =>
    scopes.test(text) ? null : text.replace(/(?<=[\w)}]) ?([+=]) ?(?=[\w\\(])/g, '\\,$1\\,'),
  ),
  ofText('terms in another order', text =>
    isExpression(text) && !text.includes('|') ? turnTerms(text) : null,
  ),
  ofText('factors in another order', text => {
    const factors = splitOutside(text, /^(?:\\cdot|\\times)(?![a-zA-Z])/)
    if (
      factors.length < 2 ||
      !isExpression(text) ||
      /[-+]|\\(?!frac|sqrt|pi|cdot|times|left|right)/.test(outsideBraces(text))
    )
      return null
    return factors.toReversed().join('\\cdot ')
  }),
  ofText('a doubled sign', text => (isExpression(text) ? `-(-(${text}))` : null)),
  ofText('brackets around it', text => (isExpression(text) ? `(${text})` : null)),
  ofText('braces around it', text => (isExpression(text) ? `{${text}}` : null)),
  ofText('once itself', text => (isExpression(text) ? `1 \\cdot (${text})` : null)),
  ofText('a minus in the numerator', text =>
    /^-\\d?frac\{/.test(text) && isExpression(text)
      ? text.replace(/^-(\\d?frac\{)([^{}]*)(?=\}\{[^{}]*\}$)/, '$1-($2)')
      : null,
  ),
  ofText('a dot for times', text =>
    isExpression(text) ? text.replace(/\\times(?![a-zA-Z])/g, '\\cdot') : null,
  ),
  ofText('groups of three digits', text =>
    /^\d{4,}$/.test(text) && text[0] !== '0' ? grouped(text, ',') : null,
  ),
  ofText('groups of three digits in braces', text =>
    /^\d{4,}$/.test(text) && text[0] !== '0' ? grouped(text, '{,}') : null,
  ),
  ofText('groups of three digits by thin spaces', text =>
    /^\d{4,}$/.test(text) && text[0] !== '0' ? grouped(text, '\\,') : null,
  ),
  ofText('a decimal with another zero', text => (/^-?\d*\.\d+$/.test(text) ? `${text}0` : null)),
  ofText('an integer as a fraction', text =>
    /^-?\d{1,9}$/.test(text) ? `\\frac{${3 * Number(text)}}{3}` : null,
  ),
  { name: 'another bound letter', apply: renameBound },
]

/** Of a number alone, beside a reference that names nothing. */
export const namedNumber: Rewrite = ofText('a name before it', text =>
  isNumber(text) ? `x = ${text}` : null,
)

/** Of a value as the answer at the end of a text. */
export const contexts: readonly [name: string, wrap: (value: string) => string][] = [
  ['a box', value => `\\boxed{${value}}`],
  ['a box in dollars', value => `So we get $\\boxed{${value}}$.`],
  ['a box displayed', value => `Hence\n\\[\n\\boxed{${value}}\n\\]`],
  ['a box in two dollars', value => `$$\\boxed{${value}}$$`],
  ['a framed box', value => `\\fbox{${value}}`],
  ['a box with room in it', value => `\\boxed{ ${value} }`],
  ['a box with thin spaces in it', value => `\\boxed{\\,${value}\\,}`],
  ['a bold label', value => `**Final answer:** $\\boxed{${value}}$`],
  ['words after it', value => `Thus $\\boxed{${value}}$ is what we were looking for.`],
  [
    'a check after it',
    value =>
      `The answer is $\\boxed{${value}}$.\n\nCheck: put it into the second line, and both sides agree.`,
  ],
  [
    'steps before it',
    value => `First, $3 \\cdot 4 = 12$.\n\nThen $12 - 5 = 7$, and so on.\n\n$$\\boxed{${value}}$$`,
  ],
]

function ofText(name: string, apply: (text: string) => string | null): Rewrite {
  return {
    name,
    apply(text) {
      const rewritten = apply(text)
      return rewritten === text ? null : rewritten
    },
  }
}

function replacing(name: string, pattern: RegExp, by: string): Rewrite {
  return ofText(name, text => text.replace(pattern, by))
}

/** \left and \right before all brackets, where they nest. */
function growBrackets(text: string): string | null {
  if (/\\left|\\sqrt\[|\\[[\](){}]|\\text|\\begin/.test(text) || !/[([]/.test(text)) return null
  let depth = 0
  let braces = 0
  const opened: number[] = []
  for (const sign of text) {
    if (sign === '{') braces++
    else if (sign === '}') braces--
    else if (sign === '(' || sign === '[') opened[depth++] = braces
    // TeX wants both in the same group.
    else if ((sign === ')' || sign === ']') && (depth === 0 || opened[--depth] !== braces)) return null
  }
  return depth === 0 ? text.replace(/[([]/g, '\\left$&').replace(/[)\]]/g, '\\right$&') : null
}

/** The terms of a sum, last first. */
function turnTerms(text: string): string | null {
  const terms = splitOutside(text, /^[-+]/, true)
  if (terms.length < 2) return null
  const turned = terms.toReversed().map(term => term.trim().replace(/^\+\s*/, ''))
  return turned.map((term, index) => (index > 0 && !term.startsWith('-') ? `+ ${term}` : term)).join(' ')
}

/** Parts of a text between what matches outside of all brackets, with it at the head of a part or without it. */
function splitOutside(text: string, separator: RegExp, keeps = false): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if ('([{'.includes(sign)) depth++
    else if (')]}'.includes(sign)) depth--
    else if (depth === 0) {
      const match = separator.exec(text.slice(at))
      // A sign after an operator or at the start belongs to its term.
      if (!match || !/[\w)}!|]\s*$/.test(text.slice(start, at))) continue
      parts.push(text.slice(start, at))
      start = keeps ? at : at + match[0].length
    }
  }
  return [...parts, text.slice(start)]
}

/** A text without what stands in braces. */
const outsideBraces = (text: string) => text.replace(/\{[^{}]*\}/g, '')

const grouped = (digits: string, separator: string) => digits.replace(/\B(?=(?:\d{3})+$)/g, separator)

/** The letter that a sum or product runs over, under another name. */
function renameBound(text: string): string | null {
  const bound = /^\\(?:sum|prod)_\{([a-z])=/.exec(text)?.[1]
  if (bound === undefined || lettersOf(text).has('q')) return null
  return text.replace(/\\[a-zA-Z]+|[a-z]/g, token => (token === bound ? 'q' : token))
}
