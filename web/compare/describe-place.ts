import { formatNumber } from '../../core/figures/format-number.ts'
import { inlineText } from '../text/visible-text.ts'
import type { Alignment } from './align-answers.ts'
import type { ComparedSample } from './compared-sample.ts'

/** One line on a column, for a screen reader. */
export function describePlace(
  answers: readonly ComparedSample[],
  { tokens, alike, count }: Alignment,
  column: number,
): string {
  const parts = answers.map(({ letter, sample }, index) => {
    const token = tokens[index]![column] ?? -1
    if (token === -1) return `${letter}: no token`
    const { tokenText, tokenId, entropyNats } = sample.tokens
    const text = inlineText(tokenText[token] ?? `#${tokenId[token]}`)
    return `${letter}: ${text}, entropy ${formatNumber(Number(entropyNats[token]!.toPrecision(3)))} nats`
  })
  return `Place ${column + 1} of ${count}, ${alike[column] ? 'alike' : 'apart'}. ${parts.join('. ')}.`
}
