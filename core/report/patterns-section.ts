import type { ErrorCounts } from '../analyse/errors/error-counts.ts'
import type { RunFindings } from '../analyse/run-findings.ts'
import { statisticNotes } from '../analyse/statistic-notes.ts'
import type { TokenFindings } from '../analyse/tokens/token-findings.ts'
import { visible } from './excerpt.ts'
import type { Block } from './report-document.ts'
import { digits, percent, withInterval } from './report-numbers.ts'

/** Where in the answers entropy lies, and what kinds of errors there are. */
export function patternsSection({ tokens, errorKinds }: RunFindings): Block[] {
  return [{ kind: 'heading', text: 'Patterns' }, ...tokenBlocks(tokens), ...errorBlocks(errorKinds)]
}

function tokenBlocks(found: TokenFindings): Block[] {
  const carried = found.concentration
    .map(
      ({ shareOfEntropy, shareOfTokens }) =>
        `${percent(shareOfTokens)} of the tokens carry ${percent(shareOfEntropy)}`,
    )
    .join(', ')
  const { spikes, samples, forking, firstWrongStep } = found
  const mean = ({ n, mean: value }: { n: number; mean: number | null }) => `${digits(value, 4)} (n ${n})`
  return [
    {
      kind: 'paragraph',
      text:
        `Of all entropy of ${found.tokens.toLocaleString('en')} tokens, ${carried} (${statisticNotes.histogram}). A spike is a token of at least ${spikes.minimumNats} nats and more than ` +
        `${spikes.deviations} standard deviations above its answer's mean: ${spikes.n} in all, in ${spikes.incorrect.samples} of ${samples.incorrect} wrong and ` +
        `${spikes.correct.samples} of ${samples.correct} right answers.`,
    },
    {
      kind: 'table',
      of: 'numbers',
      caption: 'Entropy by kind of token, nats',
      head: ['kind', 'tokens', 'mean', 'share of tokens', 'share of entropy', 'spikes'],
      rows: found.kinds
        .filter(({ n }) => n > 0)
        .map(({ kind, n, meanEntropyNats, shareOfTokens, shareOfEntropy, spikes: spiking }) => [
          kind,
          String(n),
          digits(meanEntropyNats, 4),
          percent(shareOfTokens),
          percent(shareOfEntropy),
          String(spiking),
        ]),
    },
    {
      kind: 'table',
      of: 'numbers',
      caption: 'Mean entropy of a token by tenth of its answer, nats, with the number of tokens',
      head: ['part', 'right answers', 'wrong answers', 'spikes'],
      rows: found.positions.map(({ from, to, correct, incorrect, spikes: spiking }) => [
        `${percent(from)} to ${percent(to)}`,
        mean(correct),
        mean(incorrect),
        String(spiking),
      ]),
    },
    ...(firstWrongStep.n > 0
      ? ([
          {
            kind: 'table',
            of: 'numbers',
            caption:
              `Mean entropy about the first wrong step, nats, in ${firstWrongStep.n} wrong answers whose worked solution tells where it is; in ` +
              'right answers of tokens of the same kinds, and at the same positions whatever stands there',
            head: ['tokens', 'wrong answers', 'right answers, same kinds', 'right answers, same positions'],
            rows: (['before', 'at', 'after'] as const).map(place => [
              place,
              mean(firstWrongStep[place].incorrect),
              mean(firstWrongStep[place].correctOfKind),
              mean(firstWrongStep[place].correct),
            ]),
          },
        ] satisfies Block[])
      : []),
    {
      kind: 'table',
      of: 'numbers',
      caption:
        `Forking tokens: the most frequent among the ${percent(forking.share)} of tokens with the most entropy (${forking.n} tokens above ` +
        `${digits(forking.thresholdNats, 4)} nats)`,
      head: ['token', 'times', 'of all its occurrences', 'mean entropy', 'likeliest alternatives'],
      rows: forking.tokens.map(({ id, text, n, occurrences, meanEntropyNats, alternatives }) => [
        visible(text ?? `#${id}`),
        String(n),
        String(occurrences),
        digits(meanEntropyNats, 4),
        alternatives
          .slice(0, 3)
          .map(alternative => visible(alternative.text ?? `#${alternative.id}`))
          .join(' '),
      ]),
    },
  ]
}

function errorBlocks({ n, kinds }: ErrorCounts): Block[] {
  if (n === 0) return []
  return [
    {
      kind: 'table',
      of: 'numbers',
      caption:
        `The ${n} wrong answers by kind of error. Rules read the worked solution; without one, or with another valid way to the answer, the kind ` +
        'may be unknown or wrong: label by hand what matters',
      head: ['kind', 'n', 'share of wrong answers', 'mean entropy, nats', 'most frequent rule'],
      rows: kinds
        .filter(kind => kind.n > 0)
        .map(kind => [
          kind.kind,
          String(kind.n),
          withInterval(kind.share, kind.low, kind.high, percent),
          digits(kind.meanEntropyNats, 4),
          kind.rules[0]?.rule ?? '–',
        ]),
    },
  ]
}
