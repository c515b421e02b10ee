import { type ProseToken, tokeniseProse } from './prose-tokens.ts'
import { lastSide, type Run, readRun, textOf } from './read-value.ts'
import { hedges } from './stated-answer.ts'

/** So much of the end of a text is looked at. */
const maximumLength = 4_000

/** What a number after it is the number of: step 2, equation (3). */
const counted =
  /^(?:steps?|cases?|equations?|eqn?s?|parts?|figures?|problems?|questions?|examples?|theorem|lemma|page|line|row|column|chapter|section|method|exercise|note|#)$/i
const multiplier =
  /^(?:hundreds?|thousands?|millions?|billions?|trillions?|dozens?|percent|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|squared|cubed|factorial)$/i
const clauseStart = /^(?:so|then|therefore|thus|hence|but|giving|gives?|get|gets|makes?|making|means|which)$/i
const reason = /^(?:where|since|because|for)$/i

/**
 * The last value in a text that states no answer: a number, an expression or a formula, whole. It is none if the text breaks off
 * within a formula or a bracket, if its sentence supposes or denies it, or if it is only the number of a step.
 */
export function findLastExpression(text: string): string | null {
  const tail = text.length > maximumLength ? text.slice(-maximumLength).replace(/^[^\n]{0,2000}\n/, '') : text
  const { tokens, isOpen } = tokeniseProse(tail)
  if (isOpen || breaksOff(tokens)) return null
  for (let end = tokens.length; end > 0; ) {
    let start = end - 1
    while (start > 0 && !endsSentence(tokens, start - 1)) start--
    const sentence = tokens.slice(start, end)
    const isQuestion = sentence.at(-1)?.text.includes('?') === true
    const found = isQuestion ? null : lastValue(tail, sentence)
    if (found === 'denied') return null
    if (found !== null) return found
    end = start
  }
  return null
}

function endsSentence(tokens: readonly ProseToken[], at: number): boolean {
  const token = tokens[at]!
  if (token.kind === 'line' || token.kind === 'end') return true
  return token.kind === 'postfix' && token.text.includes('!') && /^\p{Lu}/u.test(tokens[at + 1]?.text ?? '')
}

/** Whether the last line has an open bracket, or ends in an operator or a comma. */
function breaksOff(tokens: readonly ProseToken[]): boolean {
  let at = tokens.length
  while (at > 0 && tokens[at - 1]!.kind === 'line') at--
  const last = tokens[at - 1]
  if (last === undefined) return false
  if (last.kind === 'separator' || (last.kind === 'operator' && !/^[*_|~]$/.test(last.text))) return true
  if (last.kind === 'other' && last.text === ':') return true
  let depth = 0
  for (at--; at >= 0 && tokens[at]!.text !== '\n'; at--) {
    if (tokens[at]!.kind === 'close') depth++
    else if (tokens[at]!.kind === 'open' && --depth < 0) return true
  }
  return false
}

/** The last value of a sentence, null if there is none, 'denied' if the sentence does not say that it is one. */
function lastValue(text: string, sentence: readonly ProseToken[]): string | 'denied' | null {
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
    if (!isCounted(sentence, run)) runs.push(run)
  }
  // What stands behind "where" or "since" says less than what stands before.
  const reasonAt = sentence.findIndex(({ kind, text }, at) => at > 0 && kind === 'word' && reason.test(text))
  const main = runs.filter(({ end }) => reasonAt !== -1 && end <= reasonAt)
  const candidates = main.some(run => !isName(sentence, run)) ? main : runs
  const run =
    candidates.findLast(candidate => !isName(sentence, candidate)) ?? closingName(sentence, candidates)
  if (run === undefined) return null
  if (isHedged(text, sentence, run.first)) return 'denied'
  const whole = withPartner(sentence, candidates, run)
  if (whole.first !== run.first) return textOf(text, sentence, whole)
  const value = textOf(text, sentence, run)
  if (run.end - run.first === 1 && !/[\p{L}\d∞∅]/u.test(value)) return null
  const next = sentence[run.end]
  if (next?.kind === 'word' && multiplier.test(next.text)) return `${value} ${next.text}`
  return lastSide(value)
}

/** `option C`, `(C)`. */
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
function isCounted(sentence: readonly ProseToken[], { first, end }: Run): boolean {
  const [before, token, next] = [sentence[first - 1], sentence[first]!, sentence[end]]
  if (token.kind !== 'number' && token.kind !== 'open') return false
  if (before !== undefined && counted.test(before.text)) return true
  const isItem = first === 0 && end === 1 && /^\d{1,2}$/.test(token.text)
  return (
    isItem &&
    (next?.text === ')' ||
      (next?.kind === 'end' && next.text === '.' && sentence.length === 2 && token.start > 0))
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

/** A value with another before it, to which "and" or "or" joins it: `5 hours and 30 minutes`. */
function withPartner(sentence: readonly ProseToken[], runs: readonly Run[], run: Run): Run {
  const joint = sentence[run.first - 1]
  const partner = runs[runs.indexOf(run) - 1]
  if (partner === undefined || !/^(?:and|or)$/.test(joint?.text ?? '')) return run
  const words = sentence.slice(partner.end, run.first - 1)
  const isPair = words.length <= 2 && words.every(({ kind }) => kind === 'word')
  const isComputed = sentence.slice(run.first, run.end).some(({ text }) => text === '=')
  if (!isPair || isComputed || words.some(({ text }) => /^(?:is|are|was|were)$/.test(text))) return run
  const unit = sentence[run.end]
  return { first: partner.first, end: run.end + (words.length > 0 && unit?.kind === 'word' ? 1 : 0) }
}
