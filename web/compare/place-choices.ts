import type { TokenColumns } from '../../core/formats/run-columns.ts'
import { type TokenChoice, tokenChoices } from '../replay/token-choices.ts'

/** What another answer chose at the same place. */
export interface OtherChoice {
  letter: string
  id: number
}

/** A bar of the distribution at a place, and the other answers that chose it there. */
export interface PlaceChoice extends TokenChoice {
  /** Letters, such as "BD". */
  chosenBy: string
  /** Whether the probability is no more than this: of a token that is not among the recorded ones. */
  isBound: boolean
}

/** Bars but that of the rest: no more at one place than at another, so that what is below keeps its place. */
const mostBars = 5

/**
 * The distribution that a token was chosen from, as few bars: the chosen one, what other answers chose, of the likeliest as
 * many as there is room for, and the rest. What is not among the recorded likeliest is at most as likely as the last of
 * them, and as all others together.
 */
export function placeChoices(
  tokens: TokenColumns,
  token: number,
  others: readonly OtherChoice[],
): PlaceChoice[] {
  const choices = tokenChoices(tokens, token)
  const rest = choices.at(-1)!
  const lettersOf = (id: number | null) =>
    others
      .filter(other => other.id === id)
      .map(({ letter }) => letter)
      .join('')
  const missing = [...new Set(others.map(({ id }) => id))].filter(
    id => !choices.some(choice => choice.id === id),
  )
  const named = choices
    .slice(0, -1)
    .map(choice => ({ ...choice, chosenBy: lettersOf(choice.id), isBound: false }))
  const isMeant = ({ kind, chosenBy }: PlaceChoice) => kind === 'chosen' || chosenBy !== ''
  let room = mostBars - missing.length - named.filter(isMeant).length
  const shown = named.filter(choice => isMeant(choice) || room-- > 0)
  const recorded = tokens.topLogprobs[token]!
  const least = recorded.length === 0 ? 1 : Math.exp(recorded[recorded.length - 1]!)
  const bound = Math.min(least, rest.probability)
  const unrecorded = missing.map(
    (id): PlaceChoice => ({
      kind: 'likely',
      id,
      rank: null,
      probability: bound,
      chosenBy: lettersOf(id),
      isBound: true,
    }),
  )
  const left = Math.max(
    0,
    shown.reduce((sum, { probability }) => sum - probability, 1),
  )
  return [...shown, ...unrecorded, { ...rest, probability: left, chosenBy: '', isBound: false }]
}
