import type { TokenColumns } from '../../core/formats/run-columns.ts'
import {
  type AlignedStretch,
  type Alignment,
  alignAnswers,
  alignedStretches,
  sharedPrefix,
} from './align-answers.ts'
import type { OtherChoice } from './place-choices.ts'
import { tokenKeys } from './token-keys.ts'

/** What is known of several answers side by side. */
export interface Comparison {
  alignment: Alignment
  stretches: readonly AlignedStretch[]
  /** Columns at which answers that were all alike part. */
  partings: readonly number[]
  /** Whether ids mean the same token in all answers. */
  hasSharedIds: boolean
  /** The first token of an answer that is not that of the first one (of the first: of any other); -1 where none is. */
  partingToken(answer: number): number
  /** What the other answers that read the same up to a column chose there instead; `letters` names the answers. */
  otherChoices(answer: number, column: number, letters: readonly string[]): OtherChoice[]
}

/** Compares answers, given as their tokens. */
export function compareAnswers(answers: readonly TokenColumns[], isOneRun: boolean): Comparison {
  const { keys, hasSharedIds } = tokenKeys(answers, isOneRun)
  const alignment = alignAnswers(keys)
  const stretches = alignedStretches(alignment)
  const prefixes = keys.map(one => keys.map(other => sharedPrefix(one, other)))
  const longestPrefix = (answer: number) =>
    Math.min(...prefixes[answer]!.filter((_, other) => other !== answer && (answer === 0 || other === 0)))
  return {
    alignment,
    stretches,
    partings: stretches.filter(({ isAlike }) => !isAlike).map(({ start }) => start),
    hasSharedIds,
    partingToken(answer) {
      const token = longestPrefix(answer)
      return token < keys[answer]!.length ? token : -1
    },
    otherChoices(answer, column, letters) {
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
export function describeComparison({ alignment, stretches, partings }: Comparison): string {
  const { count, isWhole } = alignment
  const tokens = (number: number) => `${number.toLocaleString('en')} ${number === 1 ? 'token' : 'tokens'}`
  if (count === 0) return 'None of the answers has tokens.'
  if (partings.length === 0) return `The answers are the same in all of their ${tokens(count)}.`
  const alike = stretches.filter(({ isAlike }) => isAlike)
  const first = stretches[0]!.isAlike ? stretches[0]!.end : 0
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
