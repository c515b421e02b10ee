import { findBoxed, type SeveralBoxes } from './boxed-answer.ts'
import { cleanAnswer } from './clean-answer.ts'
import { findLastExpression } from './last-expression.ts'
import { singleBackslashes, trimSpacing } from './latex-text.ts'
import { parseQuantity } from './quantity.ts'
import { findStated } from './stated-answer.ts'

/** Which rule found an answer, in the order in which they are tried. */
export type ExtractionRule =
  | 'boxed'
  | 'answer tag'
  | 'the answer is'
  | '####'
  | 'whole text'
  | 'last expression'

/** An answer as the text gives it, but for math delimiters, emphasis and spacing. */
export interface ExtractedAnswer {
  answer: string
  rule: ExtractionRule
}

/** Longer answers are compared as they stand: no number or expression of interest has so many characters. */
export const maximumAnswerLength = 1_000

/**
 * Finds the answer in a generated text; null if there is none. Only what the model said at last is read: what stands behind its
 * thoughts, and before another question or an end of turn, if an answer stands before these. The first rule that finds one decides:
 * 1. what is boxed last, in one box or several side by side, unless a later sentence states "the final answer is" or the like;
 * 2. what stands in the last `<answer>` tag;
 * 3. what the text states last, after "the answer is", "Answer:" or `####`;
 * 4. the whole text, if it is an expression or one word with nothing said around it;
 * 5. the last expression, unless the text breaks off within it.
 */
export function extractAnswer(text: string, severalBoxes: SeveralBoxes = 'all'): ExtractedAnswer | null {
  const { said, isThought } = withoutThoughts(singleBackslashes(text))
  for (const part of beforeRunOn(said)) {
    const found = findAnswer(part, severalBoxes, isThought)
    if (found !== null) return found
  }
  return null
}

function findAnswer(text: string, severalBoxes: SeveralBoxes, isThought: boolean): ExtractedAnswer | null {
  // Emphasis says nothing; blanks in its place keep the places of the rest.
  const plain = text.replace(/(?<![\w)])(?:\*\*|__)|(?:\*\*|__)(?![\w(])|`/g, sign => ' '.repeat(sign.length))
  const boxed = findBoxed(text, severalBoxes)
  const tagged = findTagged(text, boxed?.end ?? 0, severalBoxes)
  if (tagged !== null) return tagged
  const stated = findStated(plain, boxed?.end)
  if (
    boxed !== null &&
    boxed.answer !== '' &&
    !(stated?.isFinal && stated.isValue && !isRounded(stated.answer))
  )
    return { answer: boxed.answer, rule: 'boxed' }
  const whole = stated === null ? (wholeText(text) ?? chosenOption(text)) : null
  const answers: [ExtractionRule, string | null][] = [
    [stated?.by ?? 'the answer is', stated?.answer ?? null],
    ['whole text', whole],
    ['last expression', isThought || boxed !== null ? null : findLastExpression(plain)],
  ]
  for (const [rule, answer] of answers) if (answer !== null && answer !== '') return { answer, rule }
  return null
}

/** A later statement that only rounds what is boxed does not replace it. */
function isRounded(answer: string): boolean {
  return /^(?:approximately|about|roughly|around|≈|\\approx)/i.test(answer)
}

function findTagged(text: string, from: number, severalBoxes: SeveralBoxes): ExtractedAnswer | null {
  for (let close = text.length; ; ) {
    const open = text.lastIndexOf('<answer>', close - 1)
    if (open < from || close <= 0) return null
    const end = text.indexOf('</answer>', open)
    const content = text.slice(open + '<answer>'.length, end === -1 ? undefined : end)
    if (content.trim() !== '') {
      const found =
        content.length > 10 * maximumAnswerLength ? null : findAnswer(content, severalBoxes, false)
      const isShort = !content.trim().includes('\n') && content.length <= maximumAnswerLength
      const isSentence = /\b(?:is|are|was|equals?|has|have|gets?|makes?)\b/.test(content)
      const isWords = isShort && (found === null || (found.rule === 'last expression' && !isSentence))
      const answer = isWords ? trimSpacing(content) : found?.answer
      return answer === undefined ? null : { answer, rule: 'answer tag' }
    }
    close = open
  }
}

const thoughtEnd =
  /<\/(?:think(?:ing)?|thought|reasoning)>|<\|(?:end_of_thought|channel\|>final<\|message)\|>/gi
const thoughtStart = /<(?:think(?:ing)?|thought|reasoning)>|<\|begin_of_thought\|>/i

/** What stands behind the last thought; the thought itself if nothing does. */
function withoutThoughts(text: string): { said: string; isThought: boolean } {
  let end = 0
  let contentEnd = 0
  for (const { 0: tag, index } of text.matchAll(thoughtEnd)) [contentEnd, end] = [index, index + tag.length]
  if (end === 0) return { said: text, isThought: thoughtStart.test(text) }
  const said = text.slice(end)
  return said.trim() === ''
    ? { said: text.slice(0, contentEnd), isThought: true }
    : { said, isThought: thoughtStart.test(said) }
}

const endOfTurn =
  /<\|(?:im_end|endoftext|eot_id|end|return|end_of_text|eom_id|im_start|user)\|>|<\/s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>|\[\/?INST\]/
const anotherQuestion =
  /\n[ \t]{0,8}(?:#{1,4} {0,4}|\*\*)?(?:(?:Q|Question|Problem|User|Human|Instruction|Exercise|Student)(?:\*\*)?\s?:|(?:### )(?:Instruction|Question|Problem|User|Human|Input)\b)|\n[ \t]{0,8}\n[ \t]{0,8}(?:#{1,4} {0,4}|\*\*)?(?:Question|Problem|Exercise|Q)\s?\d{1,3}\s?[:.)]/g

/** More places where a text might run on are not tried. */
const maximumRunOns = 10

/** The text before each place where another question or turn begins, and the whole of it. */
function beforeRunOn(text: string): string[] {
  const turn = endOfTurn.exec(text)
  const isEnded = turn !== null && text.slice(0, turn.index).trim() !== ''
  const own = isEnded ? text.slice(0, turn.index) : text
  const isNumbered = /^[ \t]{0,8}(?:#{1,4} {0,4}|\*\*)?(?:Question|Problem|Exercise|Q)\s?1\b/m.test(own)
  const parts: string[] = []
  for (const { 0: sign, index } of own.matchAll(anotherQuestion)) {
    if (parts.length >= maximumRunOns) break
    if (/\d/.test(sign) && isNumbered) continue
    if (own.slice(0, index).trim() !== '') parts.push(own.slice(0, index))
  }
  return [...parts, own]
}

/** The letter with which a text begins, as models answer a choice: `B. Mitochondria`, and why. Null where it lists several. */
function chosenOption(text: string): string | null {
  const first =
    /^[\s*(]{0,8}([A-J])(?:\)|[.:](?=[\s*])|(?=\**[ \t]*\n))[\s*]{0,8}(\S[^\n]{0,100})(?:\n|$)/.exec(text)
  if (first === null || /\n[\s*(]{0,8}[A-J][).:][\s*]/.test(text.slice(0, 2 * maximumAnswerLength)))
    return null
  const isSentence = /[.!?] \S/.test(first[2]!)
  return isSentence ? null : first[1]!
}

function wholeText(text: string): string | null {
  const trimmed = trimSpacing(text)
  if (trimmed.length > 100 || trimmed.includes('\n')) return null
  const option = /^[*(\s]*(?:(?:option|choice|answer)\s)?[*(\s]*([A-J])[).*\s]*$/i.exec(trimmed)
  if (option !== null && /[A-J]/.test(option[1]!)) return option[1]!
  const cleaned = cleanAnswer(trimmed)
  if (parseQuantity(cleaned) !== null) return trimmed
  if (/[-+*/^=<>(]$/.test(cleaned)) return null
  const words = cleaned.replace(/\\[a-z]+/gi, ' ').replace(/^[a-z](?:\([a-z]\))? ?= ?/i, '')
  const isWord = /^[ {]*[a-z]+[ }]*$/i.test(words)
  // With another equals sign or a full stop it is a derivation, whose last number is the result.
  const values = words.replace(/(?:,| or | and )(?: ?[a-z] ?= ?)?/gi, ' ')
  const isExpression = /[\w∞]/.test(cleaned) && !/[a-z]{2,}|[.;:] |=/i.test(values)
  return (isWord || isExpression) && !/\\f?box/.test(trimmed) ? trimmed : null
}
