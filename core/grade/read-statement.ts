import { hedges, lastValue } from './last-expression.ts'
import { trimSpacing } from './latex-text.ts'
import { type ProseToken, tokeniseProse } from './prose-tokens.ts'
import { lastSide, readRun, textOf } from './read-value.ts'

/** A value, a choice, or a word or two that a statement gives. */
export interface Statement {
  answer: string
  /** Whether it is a word or two, which no number need be. */
  isWord?: boolean
}

const fillers =
  /^(?:therefore|thus|hence|then|simply|just|indeed|clearly|exactly|precisely|actually|definitely|certainly|surely|obviously|also|still|now|so|finally|only|equal|to|given|by|that|is|found|be|option|choice|letter|answer|follows|as|the|value|number|that's|it|it's|approximately|about|roughly|around)$/i
/** Fillers that are kept with a value, as they say something of it. */
const keptFillers = /^(?:approximately|about|roughly|around)$/i

/** Behind a value: where it is over. */
const stops =
  /^(?:since|because|as|which|where|when|who|that|so|then|thus|therefore|hence|for|with|by|from|on|at|after|before|is|are|was|were|has|have|had|will|would|can|we|i|it|this|in|total|left|remaining|altogether|overall|of|the|respectively|only|each|every|a|an|more\.|who|whose|while|not|i\.e\.|e\.g\.)$/i
/** Behind a value: what makes it another one, or one of several. */
const changes =
  /^(?:hundreds?|thousands?|millions?|billions?|trillions?|dozens?|and|or|to|times|plus|minus|over|more|less|fewer|greater|squared|cubed|factorial|mod|modulo|choose|divided|multiplied|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|half|base|above|below|percent|percentage|score|out|if|unless|remainder)$/i

/** What a statement says, if that is a value, a choice or a word or two; null if it is more words, or none. */
export function readStatement(text: string, isLabel: boolean): Statement | 'unfinished' | null {
  const { tokens, isOpen } = tokeniseProse(text)
  let at = 0
  let kept = ''
  while (at < tokens.length) {
    const token = tokens[at]!
    if (token.kind === 'word' && fillers.test(token.text) && !(isLabel && /^the$/i.test(token.text))) {
      if (keptFillers.test(token.text)) kept = `${token.text} `
    } else if (
      !/^(?:line|other)$/.test(token.kind) &&
      !/^[=*,;]$/.test(token.text) &&
      token.text.trim() !== ''
    )
      break
    at++
  }
  const first = tokens[at]
  if (first === undefined) return null
  if (isItem(tokens, at)) return readItems(text, tokens, at)
  const letter = readLetter(text, tokens, at)
  if (letter !== null) return { answer: letter }
  const run = readRun(tokens, at)
  if (run === null) {
    if (first.kind === 'open') return 'unfinished'
    if (first.kind === 'currency' || first.text === '$') return isOpen ? 'unfinished' : null
    return readWords(text, tokens, at, isLabel)
  }
  const next = tokens[run.end]
  const isCut = next !== undefined && next.kind === 'open' && !closes(tokens, run.end)
  if (isCut || (next?.text === '$' && isOpen) || (next === undefined && isOpen)) return 'unfinished'
  const value = withoutExclamation(text, tokens, run)
  const isLast = tokens.slice(run.end + 1).every(({ kind }) => kind === 'open' || kind === 'operator')
  if (next?.kind === 'operator' && isLast && !(tokens.length === run.end + 1 && /^[*_|~]$/.test(next.text)))
    return 'unfinished'
  const behind = readBehind(text, tokens, run.end)
  if (behind === null)
    return { answer: kept + textOf(text, tokens, { first: at, end: clauseEnd(tokens, run.end) }) }
  return { answer: kept + (behind === '' ? lastSide(value) : `${value} ${behind}`) }
}

/** Whether a list begins here: `1. x = 5`, `- x = 5` on a line of its own. */
function isItem(tokens: readonly ProseToken[], at: number): boolean {
  const [before, mark, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  if (before?.text !== '\n' || mark === undefined || next === undefined || next.text === '\n') return false
  if (/^[-–*•]$/.test(mark.text)) return next.isSpaced
  return (
    /^\d{1,2}$/.test(mark.text) &&
    /^[.)]$/.test(next.text) &&
    tokens[at + 2] !== undefined &&
    tokens[at + 2]!.text !== '\n'
  )
}

/** The values of a list's items, joined; null if one of them is none. */
function readItems(text: string, tokens: readonly ProseToken[], first: number): Statement | null {
  const items: string[] = []
  for (let at = first; isItem(tokens, at); ) {
    const run = readRun(tokens, at + (/\d/.test(tokens[at]!.text) ? 2 : 1))
    if (run === null) return null
    items.push(lastSide(textOf(text, tokens, run)))
    const lineEnd = placeFrom(tokens, run.end, ({ kind }) => kind === 'line')
    at = placeFrom(tokens, lineEnd, ({ kind }) => kind !== 'line')
  }
  return { answer: items.join(', ') }
}

function closes(tokens: readonly ProseToken[], open: number): boolean {
  return tokens.slice(open).some(({ kind }) => kind === 'close')
}

/** A value without the exclamation mark that ends its sentence. */
function withoutExclamation(
  text: string,
  tokens: readonly ProseToken[],
  run: { first: number; end: number },
): string {
  const value = textOf(text, tokens, run)
  const last = tokens[run.end - 1]!
  const next = tokens[run.end]
  const endsSentence =
    next === undefined || next.kind === 'line' || (next.isSpaced && /^\p{Lu}/u.test(next.text))
  return last.text.startsWith('!') && endsSentence ? value.replace(/!+$/, '') : value
}

/** The unit behind a value, '' without one; null if what stands there changes the value. */
function readBehind(text: string, tokens: readonly ProseToken[], from: number): string | null {
  let at = from
  while (at < tokens.length && at < from + 5) {
    const token = tokens[at]!
    if (token.kind === 'open' && !token.isSpaced) return null
    if (token.kind === 'open') {
      const inside = tokens[at + 1]?.text ?? ''
      if (at === from && /^(?:base|mod|in|\\bmod)$/i.test(inside)) return null
      break
    }
    if (token.kind === 'number' || token.kind === 'math' || token.kind === 'operator') {
      // A hyphen joins what is no unit, and a dash begins another clause.
      if (/^[-–—]$/.test(token.text) && token.isSpaced) break
      return at === from && token.kind === 'operator' ? '' : null
    }
    if (token.kind !== 'word' && token.kind !== 'name' && token.kind !== 'command') break
    if (
      /^(?:and|but)$/i.test(token.text) &&
      /^(?:we|so|this|that|it|i|the|therefore|thus|hence|not|is|our|then)$/i.test(tokens[at + 1]?.text ?? '')
    )
      break
    if (/^(?:in base|with remainder)$/i.test(`${token.text} ${tokens[at + 1]?.text}`)) return null
    // Meters per second squared.
    if (at > from && /^(?:squared|cubed)$/i.test(token.text)) return ''
    if (changes.test(token.text)) return null
    if (/^per$/i.test(token.text) || !stops.test(token.text)) at++
    else break
  }
  // More words are no unit.
  if (at - from > 4) return ''
  return textOf(text, tokens, { first: from, end: at })
}

/** The place of the first token from a place on of which something holds; behind the last where it holds of none. */
function placeFrom(
  tokens: readonly ProseToken[],
  from: number,
  holds: (token: ProseToken) => boolean,
): number {
  const at = tokens.findIndex((token, place) => place >= from && holds(token))
  return at === -1 ? Math.max(from, tokens.length) : at
}

/** Where the clause ends: at a full stop, a line break, a parenthesis, a reason. */
function clauseEnd(tokens: readonly ProseToken[], from: number): number {
  const reasons = /^(?:since|because|which|where|so)$/
  return placeFrom(
    tokens,
    from,
    ({ kind, text }) => /^(?:end|line|separator)$/.test(kind) || (kind === 'word' && reasons.test(text)),
  )
}

/** The letter of a choice with what is chosen: `(C) 18`, `C`; null if there is no such letter. */
export function readLetter(text: string, tokens: readonly ProseToken[], at: number): string | null {
  const isBracketed = tokens[at]!.text === '(' && tokens[at + 2]?.text === ')'
  const token = isBracketed ? tokens[at + 1]! : tokens[at]!
  const content =
    token.kind === 'math'
      ? token.text.replace(/^\\(?:text|textbf|mathrm|mathbf) ?\{\(?([A-J])\)?\}$/, '$1')
      : token.text
  if (!/^[A-J]$/.test(content) || !/^(?:name|word|math)$/.test(token.kind)) return null
  let next = at + (isBracketed ? 3 : 1)
  const sign = tokens[next]
  const isMarked = isBracketed || (sign !== undefined && !sign.isSpaced && /^[.):]/.test(sign.text))
  const isListed =
    /^(?:and|or|,)$/.test(sign?.text ?? '') && /^(?:[A-J]|\()$/.test(tokens[next + 1]?.text ?? '')
  if (isListed) return textOf(text, tokens, { first: at, end: placeFrom(tokens, next, endsSentence) })
  if (!isMarked) {
    // An article, an unknown, an initial.
    const isAlone =
      sign === undefined || /^(?:end|line|separator|close|other)$/.test(sign.kind) || sign.text === '('
    return isAlone ||
      (sign.kind === 'word' && stops.test(sign.text) && sign.isSpaced && token.text !== 'A') ||
      /^(?:because|since)$/.test(sign.text)
      ? content
      : null
  }
  if (!isBracketed) next++
  while (tokens[next]?.text === ':' || tokens[next]?.text === ')' || tokens[next]?.text === '-') next++
  const run = tokens[next] === undefined ? null : readRun(tokens, next)
  if (run === null) return content
  const behind = readBehind(text, tokens, run.end)
  if (behind === null) return content
  return `(${content}) ${textOf(text, tokens, run)}${behind === '' ? '' : ` ${behind}`}`
}

function endsSentence({ kind }: ProseToken): boolean {
  return kind === 'end' || kind === 'line'
}

/** Words that say something about the answer and not what it is. */
const describing =
  /^(?:un(?:clear|known|certain|determined)|not (?:clear|obvious|known|immediately|yet|in |among|one of|sure|certain)|clear|obvious|simple|easy|hard|difficult|tricky|surprising|interesting|straightforward|correct|incorrect|wrong|obtained|given|found|shown|below|above|as follows|based|determined|calculated|computed|derived|an? (?:\w+ )?(?:integer|number|fraction|value|expression|decimal|matter|function of|little|bit)\b|one of|among|in |to |the same|required|expressed|written|rounded|what|supposed|going|already|boxed|provided|stated|we |i |you |here|there (?:in|above)\b)/i

/** One or two words; the one value of a sentence behind a label. Null for more. */
function readWords(
  text: string,
  tokens: readonly ProseToken[],
  at: number,
  isLabel: boolean,
): Statement | null {
  const words = wordsOf(text)
  if (words === null) return null
  const count = words.split(/\s+/).length
  if (count <= 2 && !/^(?:not|either|neither|maybe|perhaps|possibly|probably|likely)\b/i.test(words))
    return { answer: words, isWord: true }
  if (hedges.test(words) || !finiteVerb.test(words)) return null
  if (!isLabel && !/^(?:she|he|they|it|there|we)\b/i.test(words)) return null
  const value = lastValue(text, tokens.slice(at, placeFrom(tokens, at + 1, endsSentence)), true)
  return value === null || value === 'denied' ? null : { answer: value }
}

const finiteVerb =
  /\b(?:is|are|was|were|has|have|had|will|can|would|should|equals?|gets?|gives?|makes?|needs?|takes?|costs?|earns?|spends?|saves?|sells?|sold|pays?|paid|bought|ate|left|remains?)\b|=/i

/** The words of a statement up to the end of its sentence; null if they say nothing, or only something about the answer. */
export function wordsOf(text: string): string | null {
  const [sentence] = text.replace(/^[\s:*"'=]+/, '').split(/[.!?](?=["')*\]]*(?:\s|$))|\n/, 1) as [string]
  const words = trimSpacing(
    sentence
      .replace(/^(?:therefore|thus|hence|simply|just|indeed|clearly|that),? /i, '')
      .replace(/[,;]? (?:since|because|as|which)\b.*$/i, '')
      .replace(/["'*,;:]+$/, '')
      .replace(/ {2,}/g, ' '),
  )
  return words === '' || !/[\p{L}\d]/u.test(words) || describing.test(words) ? null : words
}
