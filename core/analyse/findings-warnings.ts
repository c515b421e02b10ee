import type { RunFindings } from './run-findings.ts'

/** Why numbers of the findings on tokens and errors are undefined. */
export function findingsWarnings({ tokens, errorKinds }: RunFindings): string[] {
  const warnings: string[] = []
  if (tokens.tokens === 0) {
    warnings.push(
      'No answer has tokens, so the findings on tokens (means, shares, concentration, the threshold of forking tokens) are undefined.',
    )
  } else {
    const { concentration, firstWrongStep } = tokens
    if (concentration.some(({ shareOfTokens }) => shareOfTokens === null)) {
      warnings.push('No token has any entropy, so shares of entropy and its concentration are undefined.')
    }
    const kinds = tokens.kinds.filter(({ n }) => n === 0).map(({ kind }) => kind)
    if (kinds.length > 0)
      warnings.push(
        `There are no tokens of the kinds ${kinds.join(', ')}, so their mean entropy is undefined.`,
      )
    for (const name of ['correct', 'incorrect'] as const) {
      const parts = tokens.positions
        .filter(position => position[name].n === 0)
        .map(({ from, to }) => `${Math.round(100 * from)}–${Math.round(100 * to)} %`)
      if (parts.length > 0)
        warnings.push(
          `No ${name} answer has a token at ${parts.length === tokens.positions.length ? 'any position' : parts.join(', ')} of its length, so the mean entropy there is undefined.`,
        )
    }
    if (firstWrongStep.n === 0) {
      warnings.push(
        'The first wrong step is known of no incorrect answer, so the entropy before, at and after it is undefined.',
      )
    } else {
      const offsets = firstWrongStep.offsets
        .filter(({ incorrect, correct, correctOfKind }) =>
          [incorrect, correct, correctOfKind].some(({ n }) => n === 0),
        )
        .map(({ offset }) => offset)
      if (offsets.length > 0)
        warnings.push(
          `About the first wrong step an entropy is undefined ${offsets.join(', ')} tokens from it, where no incorrect answer reaches, or no correct one at that position or with a token of that kind.`,
        )
    }
  }
  if (errorKinds.n === 0) {
    warnings.push(
      'There are no incorrect answers, so shares and mean entropies of the kinds of error are undefined.',
    )
    return warnings
  }
  const without = (isWanted: (n: number) => boolean) =>
    errorKinds.kinds
      .filter(({ n, meanEntropyNats }) => meanEntropyNats === null && isWanted(n))
      .map(({ kind }) => kind)
  const [absent, failed] = [without(n => n === 0), without(n => n > 0)]
  if (absent.length > 0)
    warnings.push(
      `No incorrect answer is of the kinds ${absent.join(', ')}, so their mean entropy is undefined.`,
    )
  if (failed.length > 0)
    warnings.push(
      `No incorrect answer of the kinds ${failed.join(', ')} has an entropy, so their mean entropy is undefined.`,
    )
  const unplaced = errorKinds.kinds
    .filter(({ examples }) =>
      examples.some(({ step, characterOffset }) => step === null || characterOffset === null),
    )
    .map(({ kind }) => kind)
  if (unplaced.length > 0)
    warnings.push(`Where the error lies is not known of some examples of the kinds ${unplaced.join(', ')}.`)
  return warnings
}
