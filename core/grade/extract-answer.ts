import { lastBoxed } from './boxed-answer.ts'
import { cleanAnswer } from './clean-answer.ts'
import { parseQuantity } from './quantity.ts'

/** Which rule found an answer, in the order in which they are tried. */
export type ExtractionRule = 'boxed' | 'the answer is' | '####' | 'whole text' | 'last number'

/** An answer as the text gives it. */
export interface ExtractedAnswer {
  answer: string
  rule: ExtractionRule
}

/** Longer answers are compared as they stand: no number or expression of interest has so many characters. */
export const maximumAnswerLength = 1_000

/**
 * Finds the answer in a generated text; null if there is none. The first rule that finds one decides:
 * 1. the last balanced `\boxed{}` or `\fbox{}`;
 * 2. what follows the last "the answer is", to the end of the sentence;
 * 3. a number after the last `####`, as GSM8K writes it;
 * 4. the whole text, if it is an expression or one word with nothing said around it;
 * 5. the last number.
 */
export function extractAnswer(text: string): ExtractedAnswer | null {
  const rules: [ExtractionRule, (text: string) => string | null][] = [
    ['boxed', lastBoxed],
    ['the answer is', afterPhrase],
    ['####', afterHashes],
    ['whole text', wholeText],
    ['last number', lastNumber],
  ]
  for (const [rule, find] of rules) {
    const answer = find(text)
    if (answer !== null && answer !== '') return { answer, rule }
  }
  return null
}

const phrase = /\bthe\s{1,8}(?:(?:final|correct)\s{1,8})?answer\s{1,8}is\b/gi

function afterPhrase(text: string): string | null {
  let start = -1
  for (const match of text.matchAll(phrase)) start = match.index + match[0].length
  if (start === -1) return null
  const line = /^[\s:*]*([^\n]*)/.exec(text.slice(start, start + 2 * maximumAnswerLength))![1]!
  const sentence = line.split(/[.!?]["')*]*(?=\s|$)/, 1)[0]!
  return withoutWrapping(sentence)
}

function afterHashes(text: string): string | null {
  const start = text.lastIndexOf('####')
  if (start === -1) return null
  const line = text.slice(start + 4, start + 4 + maximumAnswerLength).split('\n', 1)[0]!
  // In Markdown the same sign begins a heading.
  return parseQuantity(cleanAnswer(line)) === null ? null : withoutWrapping(line)
}

function wholeText(text: string): string | null {
  const trimmed = text.trim()
  if (trimmed.length > 100 || trimmed.includes('\n')) return null
  const cleaned = cleanAnswer(trimmed)
  if (parseQuantity(cleaned) !== null) return trimmed
  const words = cleaned.replace(/\\[a-z]+/gi, ' ').replace(/^[a-z](?:\([a-z]\))? ?= ?/i, '')
  const isWord = /^[ {]*[a-z]+[ }]*$/i.test(words)
  // With another equals sign or a full stop it is a derivation, whose last number is the result.
  const values = words.replace(/(?:,| or | and )(?: ?[a-z] ?= ?)?/gi, ' ')
  const isExpression = /[\w∞]/.test(cleaned) && !/[a-z]{2,}|[.;:] |=/i.test(values)
  return (isWord || isExpression) && !/\\f?box/.test(trimmed) ? trimmed : null
}

const numberPattern = new RegExp(
  [
    String.raw`(?:(?<![\w.)\]}])[-+−]|(?<=[=($[{:] ?)[-+−] )?(?:`,
    String.raw`(?:\d{1,30} ?)?\\[dtc]?frac ?(?:\{[-+]?[\d.,]{1,40}\}|\d) ?(?:\{[-+]?[\d.,]{1,40}\}|\d)`,
    String.raw`|\d{1,30} \d{1,30}\/\d{1,30}`,
    String.raw`|(?:\d{1,3}(?:(?:,|\{,\})\d{3})+(?!\d)|\d+|(?<![\w.])(?=\.\d))(?:\.\d+)?`,
    String.raw`(?:[eE][-+]?\d{1,6}| ?(?:\\times|\\cdot|×) ?10 ?\^ ?(?:\{[-+]?\d{1,6}\}|[-+]?\d{1,6})`,
    String.raw`| ?\/ ?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)?`,
    String.raw`)(?: ?\\?%)?`,
  ].join(''),
  'g',
)

function lastNumber(text: string): string | null {
  let last: string | null = null
  for (const match of text.matchAll(numberPattern)) last = match[0]
  return last
}

/** Without white space, Markdown emphasis, math delimiters and punctuation around it. */
function withoutWrapping(text: string): string {
  let answer = text.trim()
  for (;;) {
    const before = answer
    answer = answer
      .replace(/^(?:\*\*|\\\(|\\\[|\$(?=.*\$$))/, '')
      .replace(/(?:\*\*|\\\)|\\\]|(?<=[^\\])\$|[.,;:!?])$/, '')
      .trim()
    if (answer === before) return answer
  }
}
