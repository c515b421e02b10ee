import { differ, evaluator, lettersOf } from './evaluate-latex.ts'

/** A change of a value into one that is surely another; null where chance found none. */
export interface Mutation {
  name: string
  apply(text: string, random: Random): string | null
}

/** Draws an integer from 0 on, below a bound. */
export type Random = (bound: number) => number

const pick = <Item>(items: readonly Item[], random: Random): Item | undefined => items[random(items.length)]

const digits = '0123456789'
const letters = 'abcknpqrtuvwxyz'
const exponent = /\^(?:\w|\{[^{}]*\})/g

/** Of expressions: one place that is found becomes something else. */
const replacements: readonly [name: string, found: RegExp, by: (found: string, random: Random) => string][] =
  [
    ['a digit changed', /\d/g, (digit, random) => other(digits, digit, random)],
    ['a digit more', /\d/g, (digit, random) => digit + random(10)],
    ['a digit less', /\d(?=\d)/g, () => ''],
    ['two digits swapped', /\d\d/g, pair => pair[1]! + pair[0]!],
    ['the decimal point moved', /\.\d/g, part => `${part[1]}.`],
    ['a sign within', /(?<=[\w)}!] ?)[-+]/g, sign => (sign === '+' ? '-' : '+')],
    ['an operator', /[-+*/]|\\(?:cdot|times)(?![a-zA-Z])/g, (sign, random) => other('+-*', sign, random)],
    ['an exponent', exponent, (_, random) => `^{${2 + random(9)}}`],
    ['an exponent lost', exponent, () => ''],
    ['an exponent one more', exponent, power => `^{${power.slice(1)}+1}`],
    ['a letter', /(?<!\\[a-zA-Z]*)[a-zA-Z]/g, (letter, random) => other(letters, letter, random)],
    // Of one letter, as of a choice, the case may be free.
    [
      'a letter in the other case',
      new RegExp(`(?<!\\\\[a-zA-Z]*)[${letters}](?=.*[-+^\\d])`, 'gi'),
      letter => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()),
    ],
    [
      'a fraction upside down',
      /\\[dt]?frac\{[^{}]*\}\{[^{}]*\}/g,
      fraction => fraction.replace(/(\{.*\})(\{.*\})/, '$2$1'),
    ],
    ['a root lost', /\\sqrt(?=\{)/g, () => ''],
    [
      'a function',
      /\\(?:sin|cos|tan|ln|sqrt)(?![a-zA-Z[])/g,
      (name, random) => other(['\\sin', '\\cos', '\\tan', '\\exp'], name, random),
    ],
    ['a factorial lost', /!/g, () => ''],
    ['a factor lost', /(?<=[\w)}])[a-zA-Z](?![a-zA-Z^_])|\d+(?=[a-zA-Z(\\])/g, () => ''],
    ['a term lost', /(?<=[\w)}!]) ?[-+] ?(?:\w|\^|\\pi)+/g, () => ''],
  ]

/** Of expressions: the whole becomes part of something else. */
const extensions: readonly [name: string, extend: (text: string, random: Random) => string][] = [
  ['the sign', text => (text.startsWith('-') ? text.slice(1) : `-${/[-+]/.test(text) ? `(${text})` : text}`)],
  ['a factorial more', text => (/^\w+$/.test(text) ? `${text}!` : `(${text})!`)],
  ['a floor around it', text => `\\lfloor ${text} \\rfloor`],
  ['an absolute value around it', text => `|${text}|`],
  ['a factor', (text, random) => `${2 + random(7)}(${text})`],
  ['one more', text => `${text} + 1`],
  ['one less', text => `${text} - 1`],
  ['squared', text => `(${text})^2`],
]

/** Both, where what comes out can be evaluated and lies apart from what went in. */
const expressionMutations: readonly Mutation[] = [
  ...replacements.map(
    ([name, found, by]) =>
      [name, (text: string, random: Random) => replaceOne(text, found, by, random)] as const,
  ),
  ...extensions,
].map(([name, change]) => ({
  name,
  apply(text, random) {
    const mutated = change(text, random)
    return mutated !== null && differ(text, mutated) ? mutated : null
  },
}))

/** Mutations that are sure for their form. */
const formMutations: readonly Mutation[] = [
  ofList('an element lost', (elements, random) => {
    if (elements.length < 2) return null
    return elements.toSpliced(random(elements.length), 1)
  }),
  ofList('an element more', (elements, random) => {
    const added = String(11 + random(80))
    return elements.every(element => differ(element, added))
      ? elements.toSpliced(random(elements.length + 1), 0, added)
      : null
  }),
  ofList('an element changed', (elements, random) => {
    const place = random(elements.length)
    const changed = mutateExpression(elements[place]!, random)
    const isNew = changed !== null && elements.every(element => differ(element, changed))
    return isNew ? elements.with(place, changed) : null
  }),
  ofList('an element repeated in a list', (elements, random, open) => {
    const place = random(elements.length)
    return open === '' ? elements.toSpliced(place, 0, elements[place]!) : null
  }),
  ofList('coordinates swapped', (elements, _random, open) => (open === '(' ? elements.toReversed() : null)),
  {
    name: 'an end of an interval',
    apply(text, random) {
      const ends = intervalOf(text)
      if (!ends || !differ(ends.low, ends.high) || !(endValue(ends.low) < endValue(ends.high))) return null
      if (random(2) === 0 && Number.isFinite(endValue(ends.low)))
        return `${ends.open === '(' ? '[' : '('}${text.slice(1)}`
      return Number.isFinite(endValue(ends.high))
        ? `${text.slice(0, -1)}${ends.close === ')' ? ']' : ')'}`
        : null
    },
  },
  {
    name: 'a bound of an interval',
    apply(text, random) {
      const ends = intervalOf(text)
      if (!ends) return null
      const which = random(2) === 0 ? 'low' : 'high'
      const changed = mutateExpression(ends[which], random)
      return changed === null ? null : text.replace(ends[which], changed)
    },
  },
  {
    name: 'a relation',
    apply(text, random) {
      const relation = /^([a-z]) ?(<|>|\\leq? |\\geq? |=|\\neq? ) ?(-?\d+)$/.exec(text)
      if (!relation) return null
      const signs = ['<', '>', '\\le ', '\\ge ', '=', '\\ne ']
      return `${relation[1]} ${pick(
        signs.filter(sign => sign !== relation[2]!.replace('q', '')),
        random,
      )} ${relation[3]}`
    },
  },
  {
    name: 'a named value',
    apply(text, random) {
      const [, name, value] = /^([a-zA-Z](?:\([a-z]\)|_n)?) ?= ?(.+)$/s.exec(text) ?? []
      if (name === undefined || lettersOf(value!).has(name)) return null
      const changed = mutateExpression(value!, random)
      return changed === null ? null : `${name} = ${changed}`
    },
  },
  {
    name: 'a cell of a matrix',
    apply(text, random) {
      const cells = [...text.matchAll(/(?<=\}|&|\\\\)([^&\\{}]*\d)(?= *(?:&|\\\\|\\end))/g)]
      const cell = text.startsWith('\\begin{') ? pick(cells, random) : undefined
      const changed = cell ? mutateExpression(cell[1]!.trim(), random) : null
      return changed === null
        ? null
        : text.slice(0, cell!.index) + changed + text.slice(cell!.index + cell![1]!.length)
    },
  },
  {
    name: 'a digit of a number in a base',
    apply(text, random) {
      const changed = replaceOne(text, /\d/g, digit => other(digits, digit, random), random)
      const [before, after] = [text, changed ?? ''].map(inBase)
      return before !== null && after !== null && before !== after ? changed : null
    },
  },
  {
    name: 'a digit of a percentage',
    apply(text, random) {
      if (!/^\d+(?:\.\d+)?\\?%$/.test(text)) return null
      const changed = replaceOne(text, /\d/g, digit => other(digits, digit, random), random)
      return changed !== null && Number.parseFloat(changed) !== Number.parseFloat(text) ? changed : null
    },
  },
  {
    name: 'a clock time or ratio',
    apply(text, random) {
      if (!/^\d+ ?: ?\d+$/.test(text)) return null
      const changed = replaceOne(text, /\d/g, digit => other(digits, digit, random), random) ?? text
      const [[a, b], [c, d]] = [text, changed].map(value => value.split(':').map(Number)) as [
        number[],
        number[],
      ]
      return a! * d! === b! * c! || 60 * a! + b! === 60 * c! + d! || b === 0 || d === 0 ? null : changed
    },
  },
  {
    name: 'a unit',
    apply(text, random) {
      const units = ['cm', 'm', 'km', 'kg', 'g', 'hours', 'minutes', 'dollars', 'apples']
      const [, number, unit] = /^([1-9]\d*)(?:\\ | )?\\text\{ ?([a-z]+)\}$/.exec(text) ?? []
      if (number === undefined || !units.includes(unit!)) return null
      return `${number} \\text{ ${other(units, unit!, random)}}`
    },
  },
  {
    name: 'a letter of a word',
    apply(text, random) {
      if (!/^(?:\\text\{)?[A-Za-z]{4,}\}?$/.test(text)) return null
      return replaceOne(
        text,
        /(?<!\\[a-z]*)[a-z]/g,
        letter => other('abcdefghiklmnoprstuw', letter, random),
        random,
      )
    },
  },
  { name: 'both signs of it', apply: text => (/^[1-9]\d*$/.test(text) ? `\\pm ${text}` : null) },
]

/** All of them. */
export const mutations: readonly Mutation[] = [...expressionMutations, ...formMutations]

function mutateExpression(text: string, random: Random): string | null {
  return pick(expressionMutations, random)!.apply(text.trim(), random)
}

function replaceOne(
  text: string,
  pattern: RegExp,
  by: (found: string, random: Random) => string,
  random: Random,
): string | null {
  const found = pick([...text.matchAll(pattern)], random)
  if (!found) return null
  return text.slice(0, found.index) + by(found[0], random) + text.slice(found.index + found[0].length)
}

function other(choices: string | readonly string[], than: string, random: Random): string {
  return pick(
    [...choices].filter(choice => choice !== than),
    random,
  )!
}

/** Lists of two or more expressions that all differ, with what encloses them. */
function ofList(
  name: string,
  change: (elements: readonly string[], random: Random, open: string) => string[] | null,
): Mutation {
  return {
    name,
    apply(text, random) {
      const [, open, inner, close] = /^(\(|\\\{|)(.*?)(\)|\\\}|)$/s.exec(text)!
      const pairs: Record<string, string> = { '(': ')', '\\{': '\\}', '': '' }
      // A comma may group digits.
      if (pairs[open!] !== close || /\d,\d{3}(?!\d)|,\\!/.test(text)) return null
      const elements = inner!.split(',').map(element => element.trim())
      if (elements.length < 2 || elements.some(element => !evaluator(element))) return null
      if (elements.some((a, index) => elements.slice(0, index).some(b => !differ(a, b)))) return null
      const changed = change(elements, random, open!)
      return changed === null ? null : `${open}${changed.join(', ')}${close}`
    },
  }
}

/** A half-line or interval by its ends. */
function intervalOf(text: string) {
  const [, open, low, high, close] = /^([([])([^,]+),([^,]+)([)\]])$/.exec(text) ?? []
  if (open === undefined || Number.isNaN(endValue(low!)) || Number.isNaN(endValue(high!))) return null
  return { open, low: low!.trim(), high: high!.trim(), close }
}

function endValue(end: string): number {
  if (/^\s*-\\infty\s*$/.test(end)) return -Infinity
  if (/^\s*\+?\\infty\s*$/.test(end)) return Infinity
  return lettersOf(end).size === 0 ? (evaluator(end)?.({}) ?? NaN) : NaN
}

function inBase(text: string): number | null {
  const [, number, base] = /^(\d{2,9})_\{?(\d{1,2})\}?$/.exec(text) ?? []
  if (number === undefined || Number(base) < 2 || Number(base) > 10) return null
  return [...number].every(digit => digit < base! || Number(base) === 10)
    ? Number.parseInt(number, Number(base))
    : null
}
