import { formatCount } from '../../core/format-number.ts'
import type { TokenColumns } from '../../core/record/token.ts'
import type { TokenRange } from '../data/token-range.ts'
import { replacement } from '../text/display-units.ts'
import { type AlignedSegment, alignAnswers, alignedSegments, sharedPrefix } from './align-answers.ts'

/** What another answer chose in the same column. */
export interface OtherChoice {
  letter: string
  id: number
}

export type Comparison = ReturnType<typeof createComparison>

/** What is known of several answers, given as their tokens, side by side. */
export function createComparison(answers: readonly TokenColumns[], isOneRun: boolean) {
  const { keys, hasSharedIds } = tokenKeys(answers, isOneRun)
  const alignment = alignAnswers(keys)
  const segments = alignedSegments(alignment)
  const prefixes = keys.map(one => keys.map(other => sharedPrefix(one, other)))
  const longestPrefix = (answer: number) =>
    Math.min(...prefixes[answer]!.filter((_, other) => other !== answer && (answer === 0 || other === 0)))
  return {
    alignment,
    segments,
    /** Columns at which answers that were all alike part. */
    partings: segments.filter(({ isAlike }) => !isAlike).map(({ start }) => start),
    hasSharedIds,
    /** The first token of an answer that is not that of the first one (of the first: of any other); -1 where none is. */
    partingToken(answer: number): number {
      const token = longestPrefix(answer)
      return token < keys[answer]!.length ? token : -1
    },
    /** What the other answers that read the same up to a column chose there instead; `letters` names the answers. */
    otherChoices(answer: number, column: number, letters: readonly string[]): OtherChoice[] {
      const token = alignment.tokens[answer]![column]!
      if (token === -1 || !hasSharedIds) return []
      return answers.flatMap(({ tokenId }, other) => {
        const otherToken = alignment.tokens[other]![column]!
        const readsTheSame = otherToken === token && token <= prefixes[answer]![other]!
        return other !== answer && readsTheSame && tokenId[token] !== answers[answer]!.tokenId[token]
          ? [{ letter: letters[other]!, id: tokenId[token]! }]
          : []
      })
    },
  }
}

/** In words, how far the answers go together. */
export function describeComparison({ alignment, segments, partings }: Comparison): string {
  const { count, isWhole } = alignment
  const tokens = (number: number) => formatCount(number, 'token')
  if (count === 0) return 'None of the answers has tokens.'
  if (partings.length === 0) return `The answers are the same in all of their ${tokens(count)}.`
  const alike = segments.filter(({ isAlike }) => isAlike)
  const first = segments[0]!.isAlike ? segments[0]!.end : 0
  const later = alike.filter(({ start }) => start > 0)
  const laterTokens = later.reduce((sum, { start, end }) => sum + end - start, 0)
  const beginning = first === 0 ? 'Apart from the first token on' : `Alike for ${tokens(first)}, then apart`
  const again =
    later.length === 0
      ? ''
      : `; alike again in ${later.length === 1 ? 'one stretch' : `${later.length} stretches`} of ${tokens(laterTokens)} in all`
  const bound = isWhole ? '' : ' They are too long to look for more than their beginnings and endings.'
  return `${beginning}${again}.${bound}`
}

/**
 * Keys of the tokens of answers, the same for equal tokens. In one run, and where nothing says that they come from different
 * vocabularies (`hasSharedIds`), a token is its id; else it is its text, and one that holds a part of a character, or has no
 * text, equals none of another answer.
 */
export function tokenKeys(answers: readonly TokenColumns[], isOneRun: boolean) {
  const hasSharedIds = isOneRun || haveOneVocabulary(answers)
  if (hasSharedIds) return { keys: answers.map(({ tokenId }) => Int32Array.from(tokenId)), hasSharedIds }
  const numbers = new Map<string, number>()
  const keys = answers.map(({ tokenId, tokenText }, answer) =>
    Int32Array.from(tokenId, (id, token) => {
      const text = tokenText[token]
      const isWhole = text && !text.includes(replacement)
      const name = isWhole ? `text ${text}` : `answer ${answer} id ${id}`
      const number = numbers.get(name) ?? numbers.size
      numbers.set(name, number)
      return number
    }),
  )
  return { keys, hasSharedIds }
}

/** Whether no id has two texts, and no text that is whole two ids. */
function haveOneVocabulary(answers: readonly TokenColumns[]): boolean {
  const textOfId = new Map<number, string>()
  const idOfText = new Map<string, number>()
  for (const { tokenId, tokenText } of answers)
    for (let token = 0; token < tokenId.length; token++) {
      const [id, text] = [tokenId[token]!, tokenText[token]]
      if (!text) continue
      if ((textOfId.get(id) ?? text) !== text) return false
      textOfId.set(id, text)
      if (text.includes(replacement)) continue
      if ((idOfText.get(text) ?? id) !== id) return false
      idOfText.set(text, id)
    }
  return true
}

/** Columns kept before and after where answers are apart, so that it can be read where that is. */
const kept = 12
/** Fewer are not worth a line that says how many they are. */
const fewestFolded = 24

/** Columns that are left out of the texts: the segments that are alike, but for their ends beside what is apart. */
export function foldsOf(segments: readonly AlignedSegment[]): TokenRange[] {
  return segments.flatMap(({ start, end, isAlike }, index) => {
    const from = index === 0 ? start : start + kept
    const to = index === segments.length - 1 ? end : end - kept
    return isAlike && segments.length > 1 && to - from >= fewestFolded ? [{ start: from, end: to }] : []
  })
}
