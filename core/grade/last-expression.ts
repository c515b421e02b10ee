import { type ProseToken, tokeniseProse } from './prose-tokens.ts'
import { lastSide, type Run, readRun, textOf } from './read-value.ts'

/** So much of the end of a text is looked at. */
const maximumLength = 4_000

/** What a number after it is the number of: step 2, equation (3). */
const counted =
  /^(?:steps?|cases?|equations?|eqn?s?|parts?|figures?|problems?|questions?|examples?|theorem|lemma|page|line|row|column|chapter|section|method|exercise|note|#)$/i
const multiplier =
  /^(?:hundreds?|thousands?|millions?|billions?|trillions?|dozens?|percent|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|squared|cubed|factorial)$/i
const clauseStart = /^(?:so|then|therefore|thus|hence|but|giving|gives?|get|gets|makes?|making|means|which)$/i
const reason = /^(?:where|since|because|when|if|attained|achieved)$/i

/** Words with which a sentence does not say that its value is the answer. */
export const hedges =
  /\b(?:not|never|neither|nor|either|(?:could|might|may|can) be|maybe|perhaps|possibly|if|whether|suppose|assum\w*|unless|let|between|than|at least|at most|guess|mistakes?|wrong(?:ly)?|incorrect(?:ly)?|tempt\w*|eliminat\w*|rule out|false that|cannot|can't)\b|n't\b/i

/** Words before a value, with at most "of" and "the" between, that make it another one. */
const changing =
  /^(?:minus|half|third|quarter|twice|double|triple|thrice|roots?|square|squared|cube|sum|difference|product|quotient|multiples?|factors?|power|logarithm|reciprocal|inverse|opposite|without|except|excluding|no|one|percent|fraction)$/i
/** Words between two values that make one of them. */
const joining = /^(?:and|or|to|of|times|minus|plus|over|by|through|per|versus|vs)$/i
const verbs =
  /^(?:is|are|was|were|has|have|had|gives?|makes?|gets?|costs?|equals?|takes?|weighs?|leaves?|then)$/i

/**
 * The last value in a text that states no answer: a number, an expression or a formula, whole. It is none if the text breaks off
 * within a formula or a bracket, if its sentence supposes or denies it, or if it is only the number of a step.
 */
export function findLastExpression(text: string): string | null {
  const tail =
    text.length > maximumLength
      ? text.slice(-maximumLength).replace(/^[\s\S]{0,2000}?(?:\n|[.!?]\s)/, '')
      : text
  const { tokens, isOpen } = tokeniseProse(tail)
  if (isOpen || breaksOff(tokens)) return null
  for (let end = tokens.length; end > 0; ) {
    let start = end - 1
    while (start > 0 && !endsSentence(tokens, start - 1)) start--
    const sentence = tokens.slice(start, end)
    const isQuestion = sentence.at(-1)?.text.includes('?') === true
    const found = isQuestion ? null : lastValue(tail, sentence, (tokens[end]?.kind ?? 'line') === 'line')
    if (found === 'denied') return null
    if (found === null && deniesAll.test(textOfSentence(tail, sentence))) return null
    if (found !== null) return found
    end = start
  }
  return null
}

/** That there is no answer, said after a value that was tried. */
const deniesAll =
  /\bno (?:such )?(?:[a-z]+ ){0,2}(?:exists?|solutions?)\b|\b(?:does|do) not exist\b|\bcannot be determined\b/i

function textOfSentence(text: string, sentence: readonly ProseToken[]): string {
  return sentence.length === 0 ? '' : textOf(text, sentence, { first: 0, end: sentence.length })
}

function endsSentence(tokens: readonly ProseToken[], at: number): boolean {
  const token = tokens[at]!
  if (token.kind === 'line' || token.kind === 'end') return true
  return token.kind === 'postfix' && token.text.includes('!') && /^\p{Lu}/u.test(tokens[at + 1]?.text ?? '')
}

/** Words that no sentence ends in. */
const dangling =
  /^(?:equals?|gives?|gave|and|or|but|of|by|to|the|an?|with|for|in|at|from|that|this|which|we|compute|get|find|obtain|have|has|need|adding|if|because|since|than|its|their|his|her|will|would|can|must|should)$/i

/** Whether the last line has an open bracket, or ends in an operator, a comma, or a word that more should follow. */
function breaksOff(tokens: readonly ProseToken[]): boolean {
  let at = tokens.length
  while (at > 0 && tokens[at - 1]!.kind === 'line') at--
  const last = tokens[at - 1]
  if (last === undefined) return false
  if (last.kind === 'separator' || (last.kind === 'operator' && !/^[*_|~]$/.test(last.text))) return true
  if (last.kind === 'other' && last.text === ':') return true
  if (last.kind === 'word' && dangling.test(last.text)) return true
  let depth = 0
  for (at--; at >= 0 && tokens[at]!.text !== '\n'; at--) {
    if (tokens[at]!.kind === 'close') depth++
    else if (tokens[at]!.kind === 'open' && --depth < 0) return true
  }
  return false
}

/** The last value of a sentence, null if there is none, 'denied' if the sentence does not say that it is one. */
export function lastValue(
  text: string,
  sentence: readonly ProseToken[],
  endsLine: boolean,
): string | 'denied' | null {
  const runs: Run[] = []
  for (let at = 0; at < sentence.length; at++) {
    const run = readRun(sentence, at)
    if (run === null) {
      const choice = readChoice(sentence, at)
      if (choice === null) continue
      runs.push(choice)
      at = choice.end - 1
      continue
    }
    at = run.end - 1
    if (!isCounted(sentence, run, endsLine)) runs.push(run)
  }
  // What stands behind "where" or "since" says less than what stands before.
  const reasonAt = sentence.findIndex(
    ({ kind, text }, at) => at > 0 && kind === 'word' && (reason.test(text) || isFor(sentence, at)),
  )
  const main = runs.filter(({ end }) => reasonAt !== -1 && end <= reasonAt)
  const candidates = main.some(run => !isName(sentence, run)) ? main : runs
  const stated = candidates.filter(candidate => !/^not$/i.test(sentence[candidate.first - 1]?.text ?? ''))
  if (stated.length === 0 && candidates.length > 0) return 'denied'
  const run = stated.findLast(candidate => !isName(sentence, candidate)) ?? closingName(sentence, stated)
  if (run === undefined) return null
  if (isHedged(text, sentence, run.first) || isRejected(text, sentence, run.end)) return 'denied'
  const whole = withPartner(sentence, candidates, run)
  if (whole.first !== run.first) return textOf(text, sentence, whole)
  if (isChanged(sentence, run)) return 'denied'
  const value = textOf(text, sentence, run)
  if (run.end - run.first === 1 && !/[\p{L}\d∞∅]/u.test(value)) return null
  const next = sentence[run.end]
  if (next?.kind === 'word' && multiplier.test(next.text)) return `${value} ${next.text}`
  if (/^\d{1,2}:\d{2}(?::\d{2})?$/.test(value)) return `${value} ${halfOfDay(sentence, run.end)}`.trim()
  return (/^negative$/i.test(sentence[run.first - 1]?.text ?? '') ? '-' : '') + lastSide(value)
}

/** What stands behind a time and says which half of the day it is in: `AM`, `p.m.`, `in the afternoon`; empty where nothing does. */
function halfOfDay(sentence: readonly ProseToken[], at: number): string {
  const words = sentence.slice(at, at + 3).map(({ text }) => text.toLowerCase())
  const [, half] = /^([ap])\.?m\b/.exec(words[0] ?? '') ?? []
  if (half !== undefined) return `${half.toUpperCase()}M`
  const [, part] = /^in the (morning|afternoon|evening)$/.exec(words.join(' ')) ?? []
  return part === undefined ? '' : part === 'morning' ? 'AM' : 'PM'
}

/** The "for" of "for some integer k", not that of "for $18". */
function isFor(sentence: readonly ProseToken[], at: number): boolean {
  return (
    sentence[at]!.text === 'for' &&
    /^(?:some|all|any|every|each|integers?|which)$/.test(sentence[at + 1]?.text ?? '')
  )
}

/** `option C`. */
function readChoice(sentence: readonly ProseToken[], at: number): Run | null {
  const token = sentence[at]!
  const isNamed = at > 0 && /^(?:option|choice|letter)$/i.test(sentence[at - 1]!.text)
  const isLetter = /^[A-J]$/.test(token.text) && sentence[at + 1]?.kind !== 'operator'
  return isNamed && isLetter ? { first: at, end: at + 1 } : null
}

/** Whether a value is a lone letter, as in "where $x$ is the length". */
function isName(sentence: readonly ProseToken[], { first, end }: Run): boolean {
  return (
    end - first === 1 &&
    sentence[first]!.kind === 'math' &&
    /^\\?[a-zA-Z]+(?:_\{?\w+\}?)?$/.test(sentence[first]!.text.trim())
  )
}

/** A lone letter in math at the end of its sentence. */
function closingName(sentence: readonly ProseToken[], candidates: readonly Run[]): Run | undefined {
  const last = candidates.at(-1)
  const next = last && sentence[last.end]
  return next === undefined || next.kind === 'end' || next.kind === 'line' ? last : undefined
}

/** Whether the number is that of a step, or of a list's item at the beginning of a line. */
function isCounted(sentence: readonly ProseToken[], { first, end }: Run, endsLine: boolean): boolean {
  const [before, token, next] = [sentence[first - 1], sentence[first]!, sentence[end]]
  if (token.kind !== 'number' && token.kind !== 'open') return false
  if (before !== undefined && counted.test(before.text)) return true
  const isItem = first === 0 && end === 1 && /^\d{1,2}$/.test(token.text)
  return (
    isItem &&
    (next?.text === ')' || (next?.kind === 'end' && next.text === '.' && sentence.length === 2 && !endsLine))
  )
}

/** Whether what follows a value rejects it: "option B is incorrect". */
function isRejected(text: string, sentence: readonly ProseToken[], end: number): boolean {
  const next = sentence[end]
  return (
    next !== undefined &&
    /^\)? ?,?(?: which)? ?(?:is|are|was|were) (?:incorrect|wrong|false|not)\b/i.test(
      text.slice(next.start, next.start + 60),
    )
  )
}

function isHedged(text: string, sentence: readonly ProseToken[], first: number): boolean {
  let start = first
  while (start > 0) {
    const { kind, text: word } = sentence[start - 1]!
    if (kind === 'separator' || word === ':' || (kind === 'word' && clauseStart.test(word))) break
    start--
  }
  if (start === first) return false
  const clause = text.slice(sentence[start]!.start, sentence[first]!.start)
  return hedges.test(
    clause.replace(/\bnot (?:only|hard|difficult|surprising\w*)\b|\bat (?:least|most)\b/gi, ''),
  )
}

/** Whether the value is only that of which something is told: `half of 5`. The end of a computation is a value all the same. */
function isChanged(sentence: readonly ProseToken[], { first, end }: Run): boolean {
  if (isComputed(sentence, { first, end })) return false
  let at = first - 1
  while (at >= 0 && /^(?:of|the|a)$/i.test(sentence[at]!.text)) at--
  const word = sentence[at]
  if (word?.kind !== 'word') return false
  return changing.test(word.text) || (word.text === 'but' && sentence[at - 1]?.text === 'all')
}

function isComputed(sentence: readonly ProseToken[], { first, end }: Run): boolean {
  return sentence
    .slice(first, end)
    .some(({ kind, text }) => (kind === 'math' ? text.includes('=') : text === '='))
}

/** A value with another before it, to which a word joins it: `5 hours and 30 minutes`, `15 out of 20`, `12 to 15`. */
function withPartner(sentence: readonly ProseToken[], runs: readonly Run[], run: Run): Run {
  const partner = runs[runs.indexOf(run) - 1]
  if (partner === undefined) return run
  const words = sentence.slice(partner.end, run.first)
  const joint = words.findLast(({ text }) => text !== 'the')
  const isPair = words.length <= 4 && words.every(({ kind }) => kind === 'word' || kind === 'separator')
  if (!isPair || joint === undefined || !joining.test(joint.text)) return run
  if (isComputed(sentence, run) || words.some(({ text }) => verbs.test(text))) return run
  const unit = sentence[run.end]
  return { first: partner.first, end: run.end + (words.length > 1 && unit?.kind === 'word' ? 1 : 0) }
}
