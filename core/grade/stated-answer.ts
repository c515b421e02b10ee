import { tokeniseProse } from './prose-tokens.ts'
import { readLetter, readStatement, wordsOf } from './read-statement.ts'
import { lastSide, readRun, textOf } from './read-value.ts'

/** What a text says its answer is. */
export interface StatedAnswer {
  answer: string
  /** Where the statement begins. */
  start: number
  by: 'the answer is' | '####'
  /** Whether it is a value or a choice, rather than words. */
  isValue: boolean
  /** Whether it begins a sentence, so that it may overrule a box before it. */
  isFinal: boolean
}

/** What is read of one statement. */
const maximumLength = 2_000

/** More statements of one text are not read, from the last. */
const maximumStatements = 40

const adjective = String.raw`(?:(?:final|correct|right|best|exact|numerical|required|desired|complete|simplified|only|overall)\s{1,4}){0,3}`
const noun = String.raw`(?:answers?|ans|(?<=(?:final|correct|right|best)\s{1,4})(?:result|solution|value|option|choice|statement|response))`
const between = String.raw`(?:\s{1,4}(?:to|for|of|in|from|here|choice|option)\b[^.\n:=$]{0,80}?|,[^.,\n:=$]{0,60},)?`
const verb = String.raw`(?<![a-z])(?:is|are|was|equals?|becomes|will be|would be|should be|must be|has to be|comes? (?:out )?to(?: be)?|turns out to be)\b`
const hedgedVerb = String.raw`(?<![a-z])(?:could|might|may|can(?:not|'t)?|couldn't|is(?:n't)|are(?:n't)|(?:should|must|will|would) not)(?: be)?\b`
const phrase = new RegExp(
  String.raw`\b${adjective}${noun}${between}\s{0,8}["']?\s{0,8}(?:(${hedgedVerb})|${verb}|[:=]|(?<=\s)[-–—](?=\s)|\.(?=\s\d))|` +
    // A heading of its own: **Final Answer**, ### Answer.
    String.raw`(?<=(?:^|\n)[ \t#>]{0,12})(?:the )?(?:final )?answers?[ \t]{0,8}\n|` +
    // A list: the roots are:
    String.raw`\b(?:solutions|roots|values|zeros)(?: (?:of|for)[^.\n:=$]{0,40}?)? are(?: as follows)?:[ \t]{0,8}(?=\n\s{0,8}(?:[-*•]|\d[.)]))`,
  'gi',
)

const letter = String.raw`\(?([A-J])\)?(?![\w(])`
const choice = new RegExp(
  [
    String.raw`\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ll]etter)s?\s{1,4}${letter}\s{1,4}is\s{1,4}(?:the\s{1,4})?(?:most\s{1,4})?(?:correct|right|best|true|answer|accurate)\b`,
    String.raw`(?<![\w\\$^{(]\s?)${letter}\s{1,4}is\s{1,4}(?:(?:the|our|my)\s{1,4}(?:(?:correct|right|best|final|only)\s{1,4}){0,2}(?:answer|option|choice)|correct)\b`,
    String.raw`\b(?:correct|right|best|select|choose|pick|chose|is|be|to|with|matches|match|therefore|thus|so|hence|:)[:,]?\s{1,4}(?:the\s{1,4})?(?:answer\s{1,4})?(?:[Oo]ption|[Cc]hoice|[Ll]etter)\s{1,4}${letter}`,
  ].join('|'),
  'g',
)
const reversed =
  /\bis (?:the|our|my) (?:(?:final|correct|right|required|desired) ){0,2}answer\b(?! (?:to|for|of) (?:part|step|a |the (?:first|second)))/gi

const conditional =
  /(?:\b(?:if|whether|suppose|assum\w*|unless|not|until|mistakes?|wrong(?:ly)?|incorrect(?:ly)?|tempt\w*|doubt\w*|cannot|false that|might|may|could|someone|why)|n't)\b(?![^\n]*,)/i
const opening =
  /^[\s*>#"'(]*(?:(?:so|therefore|thus|hence|finally|then|and so|in conclusion|consequently|now|as a result|accordingly|in summary|to conclude|ultimately|overall|we conclude that|we find that|the|our|my|a|this means(?: that)?|∴)[,:]?\s*)*$/i

/**
 * What the text states last as its answer, by "the answer is", "Answer:", "option C is correct", "18 is the answer" or after `####`,
 * with preference for one that is a value; null if it states none. Only what stands behind `from` is read.
 */
export function findStated(text: string, from = 0): StatedAnswer | null {
  let inWords: StatedAnswer | null = null
  for (const statement of findStatements(text, from)) {
    const stated = statement()
    if (stated?.isValue) return stated
    inWords ??= stated
  }
  return inWords
}

/** The last statements, from the last, each read when it is asked for. */
function findStatements(text: string, from: number): (() => StatedAnswer | null)[] {
  const found: [number, () => StatedAnswer | null][] = []
  const add = (pattern: RegExp, read: (match: RegExpExecArray) => StatedAnswer | null) => {
    const matches: RegExpExecArray[] = []
    for (const match of text.matchAll(pattern)) {
      if (match.index < from) continue
      matches.push(match)
      if (matches.length > 2 * maximumStatements) matches.splice(0, maximumStatements)
    }
    for (const match of matches) found.push([match.index, () => read(match)])
  }
  add(phrase, match => readPhrase(text, match))
  add(choice, match => readChoice(text, match))
  add(reversed, match => readReversed(text, match))
  add(/#{4,}/g, match => readHashes(text, match))
  found.sort(([a], [b]) => b - a)
  return found.slice(0, maximumStatements).map(([, read]) => read)
}

function readPhrase(text: string, match: RegExpExecArray): StatedAnswer | null {
  const { index: start } = match
  const [before, lead] = [sentenceBefore(text, start), match[1]]
  const isHedged = lead !== undefined
  if (conditional.test(before) || isTakenBack(text.slice(start))) return null
  const at = start + match[0].length
  const rest = outsideText(text.slice(at, at + maximumLength))
  const isLabel = !/[a-z]$/i.test(match[0])
  const value = isHedged ? null : readStatement(rest, isLabel)
  if (value === 'unfinished') return null
  const isFinal = opening.test(before) && (value === null || !value.isWord)
  if (value !== null) return { answer: value.answer, isValue: true, start, by: 'the answer is', isFinal }
  const words = wordsOf(rest)
  if (words === null) return null
  const answer = isHedged ? `${lead} ${words}` : words
  return { answer, isValue: false, start, by: 'the answer is', isFinal }
}

/** Whether what follows asks or takes back what it states: "The answer is 7? No, it is 9." */
function isTakenBack(statement: string): boolean {
  const [sentence] = statement.split(/(?<=[.!?])(?=\s|$)|\n/, 1) as [string]
  return (
    sentence.endsWith('?') ||
    /\b(?:wait|that(?:'s| is| was) (?:wrong|incorrect|not (?:right|correct)))\b/i.test(
      statement.slice(sentence.length, sentence.length + 2_000),
    )
  )
}

/** What follows a statement that stands in a `\text{}` of a formula, as math of its own. */
function outsideText(rest: string): string {
  const inside = /^\s{0,8}\}((?:(?!\\[()[\]])[^$\n])*)/.exec(rest)
  return inside === null ? rest : `$${inside[1]!}$`
}

/** The sentence up to a place, as far as it matters. */
function sentenceBefore(text: string, place: number): string {
  const before = text.slice(Math.max(0, place - 200), place)
  return before.split(/[.!?](?=\s)|\n|:(?=\s)/).at(-1)!
}

function readChoice(text: string, match: RegExpExecArray): StatedAnswer | null {
  const before = sentenceBefore(text, match.index)
  // Option A is wrong.
  if (
    /^[).\s]{0,4}(?:,? which )?(?:(?:is|are|was|would be|seems?) )?(?:not|wrong|incorrect|false)\b/i.test(
      text.slice(match.index + match[0].length, match.index + match[0].length + 60),
    )
  )
    return null
  const [, isCorrect, isTheAnswer, chosen] = match
  const answer = isCorrect ?? isTheAnswer ?? chosenValue(text, match) ?? chosen!
  if (conditional.test(before)) return null
  return { answer, start: match.index, by: 'the answer is', isValue: true, isFinal: opening.test(before) }
}

/** The letter of a choice with the value that may follow it. */
function chosenValue(text: string, match: RegExpExecArray): string | null {
  const place = match.index + match[0].search(/\(?[A-J]\)?$/)
  const rest = text.slice(place, place + maximumLength)
  return readLetter(rest, tokeniseProse(rest).tokens, 0)
}

function readReversed(text: string, match: RegExpExecArray): StatedAnswer | null {
  const before = sentenceBefore(text, match.index)
  if (conditional.test(before)) return null
  const { tokens } = tokeniseProse(before)
  let answer: string | null = null
  for (let at = 0; at < tokens.length; at++) {
    const run = readRun(tokens, at)
    if (run === null) continue
    if (run.end === tokens.length) answer = lastSide(textOf(before, tokens, run))
    at = run.end - 1
  }
  if (answer === null || answer === '') return null
  return { answer, start: match.index, by: 'the answer is', isValue: true, isFinal: false }
}

/** After `####`, as GSM8K writes it. In Markdown the same sign begins a heading. */
function readHashes(text: string, match: RegExpExecArray): StatedAnswer | null {
  const at = match.index + match[0].length
  const [line] = text.slice(at, at + maximumLength).split('\n', 1) as [string]
  const stated = { start: match.index, by: '####', isFinal: true } as const
  if (
    /^\s*(?:step|case|part|method|example|solution|question|problem)\b|^\s*\d{1,2}[.)]\s+[a-z]{2}/i.test(line)
  )
    return null
  const value = readStatement(line, false)
  if (value === 'unfinished') return null
  const isLast = text.slice(at + line.length).trim() === ''
  if (value !== null && (isLast || !value.isWord)) return { answer: value.answer, isValue: true, ...stated }
  const words = wordsOf(line)
  return isLast && words !== null && words.split(' ').length <= 4
    ? { answer: words, isValue: true, ...stated }
    : null
}
