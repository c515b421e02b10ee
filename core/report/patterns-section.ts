import type { SampleRecord } from '../record/sample.ts'
import type { ErrorCounts, RunFindings, TokenFindings } from '../study/findings.ts'
import { type Block, heading, numbersTable, paragraph } from './report-document.ts'
import { digits, excerpt, percent, statisticNotes, visible, withInterval } from './words.ts'

/** Where in the answers entropy lies, and what kinds of errors there are. */
export function patternsSection({ tokens, errorKinds }: RunFindings): Block[] {
  return [heading('Patterns'), ...tokenBlocks(tokens), ...errorBlocks(errorKinds)]
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
    paragraph(
      `Of all entropy of ${found.tokens.toLocaleString('en')} tokens, ${carried} (${statisticNotes.histogram}). A spike is a token of at least ${spikes.minimumNats} nats and more than ` +
        `${spikes.deviations} standard deviations above its answer's mean: ${spikes.n} in all, in ${spikes.incorrect.samples} of ${samples.incorrect} wrong and ` +
        `${spikes.correct.samples} of ${samples.correct} right answers.`,
    ),
    numbersTable(
      'Entropy by kind of token, nats',
      ['kind', 'tokens', 'mean', 'share of tokens', 'share of entropy', 'spikes'],
      found.kinds
        .filter(({ n }) => n > 0)
        .map(({ kind, n, meanEntropyNats, shareOfTokens, shareOfEntropy, spikes: spiking }) => [
          kind,
          String(n),
          digits(meanEntropyNats, 4),
          percent(shareOfTokens),
          percent(shareOfEntropy),
          String(spiking),
        ]),
    ),
    numbersTable(
      'Mean entropy of a token by tenth of its answer, nats, with the number of tokens',
      ['part', 'right answers', 'wrong answers', 'spikes'],
      found.positions.map(({ from, to, correct, incorrect, spikes: spiking }) => [
        `${percent(from)} to ${percent(to)}`,
        mean(correct),
        mean(incorrect),
        String(spiking),
      ]),
    ),
    ...(firstWrongStep.n > 0
      ? [
          numbersTable(
            `Mean entropy about the first wrong step, nats, in ${firstWrongStep.n} wrong answers whose worked solution tells where it is; in ` +
              'right answers of tokens of the same kinds, and at the same positions whatever stands there',
            ['tokens', 'wrong answers', 'right answers, same kinds', 'right answers, same positions'],
            (['before', 'at', 'after'] as const).map(place => [
              place,
              mean(firstWrongStep[place].incorrect),
              mean(firstWrongStep[place].correctOfKind),
              mean(firstWrongStep[place].correct),
            ]),
          ),
        ]
      : []),
    numbersTable(
      `Forking tokens: the most frequent among the ${percent(forking.share)} of tokens with the most entropy (${forking.n} tokens above ` +
        `${digits(forking.thresholdNats, 4)} nats)`,
      ['token', 'times', 'of all its occurrences', 'mean entropy', 'likeliest alternatives'],
      forking.tokens.map(({ id, text, n, occurrences, meanEntropyNats, alternatives }) => [
        visible(text ?? `#${id}`),
        String(n),
        String(occurrences),
        digits(meanEntropyNats, 4),
        alternatives
          .slice(0, 3)
          .map(alternative => visible(alternative.text ?? `#${alternative.id}`))
          .join(' '),
      ]),
    ),
  ]
}

function errorBlocks({ n, kinds }: ErrorCounts): Block[] {
  if (n === 0) return []
  return [
    numbersTable(
      `The ${n} wrong answers by kind of error. Rules read the worked solution; without one, or with another valid way to the answer, the kind ` +
        'may be unknown or wrong: label by hand what matters',
      ['kind', 'n', 'share of wrong answers', 'mean entropy, nats', 'most frequent rule'],
      kinds
        .filter(kind => kind.n > 0)
        .map(kind => [
          kind.kind,
          String(kind.n),
          withInterval(kind.share, kind.low, kind.high, percent),
          digits(kind.meanEntropyNats, 4),
          kind.rules[0]?.rule ?? '–',
        ]),
    ),
  ]
}

const longestText = 700

/** The answers at both ends of each verdict: chosen by rule, not for what they show. */
export function examplesSection(examples: ReportExamples): Block[] {
  const cases = [
    ['The right answer of the least mean entropy', examples.leastRight],
    ['The wrong answer of the least mean entropy: sure and wrong', examples.leastWrong],
    ['The right answer of the most mean entropy: unsure and right', examples.mostRight],
    ['The wrong answer of the most mean entropy', examples.mostWrong],
  ] as const
  const shown = cases.flatMap(([title, sample]) => (sample ? exampleBlocks(title, sample) : []))
  return shown.length === 0 ? [] : [heading('Examples'), ...shown]
}

function exampleBlocks(title: string, sample: ExampleSample): Block[] {
  const { problemId, sampleIndex, extractedAnswer, expectedAnswer, rule, meanEntropyNats, mostUncertain } =
    sample
  const tokens = mostUncertain
    .map(({ text, entropyNats }) => `${visible(text ?? '?')} ${digits(entropyNats)}`)
    .join(', ')
  return [
    paragraph(
      `${title} (problem ${problemId}, answer ${sampleIndex + 1}): ${digits(meanEntropyNats, 4)} nats. Answer ${extractedAnswer === null ? 'not found' : excerpt(extractedAnswer, 80)}, ` +
        `expected ${excerpt(expectedAnswer, 80)} (${rule}). Least certain tokens, nats: ${tokens}.`,
    ),
    { kind: 'quote', text: excerpt(sample.problem, longestText) },
    { kind: 'quote', text: excerpt(sample.generatedText, longestText) },
  ]
}

/** What a report shows of one answer. */
export type ExampleSample = ReturnType<typeof exampleOf>

/** The answers of the least and of the most mean entropy of each verdict; null where there is none. */
export type ReportExamples = Record<
  'leastRight' | 'mostRight' | 'leastWrong' | 'mostWrong',
  ExampleSample | null
>

const uncertainTokens = 5

/** Finds a run's examples in one pass, keeping no other sample; of equal entropies the earlier answer. */
export function createExampleCollector() {
  const examples: ReportExamples = { leastRight: null, mostRight: null, leastWrong: null, mostWrong: null }
  return {
    examples,
    add(sample: SampleRecord): void {
      const { meanEntropyNats, correct, finishReason } = sample
      if (finishReason === 'error' || meanEntropyNats === null || !Number.isFinite(meanEntropyNats)) return
      const [least, most] = correct
        ? (['leastRight', 'mostRight'] as const)
        : (['leastWrong', 'mostWrong'] as const)
      const isLess = examples[least] === null || meanEntropyNats < examples[least].meanEntropyNats
      const isMore = examples[most] === null || meanEntropyNats > examples[most].meanEntropyNats
      if (!isLess && !isMore) return
      const example = exampleOf(sample, meanEntropyNats)
      if (isLess) examples[least] = example
      if (isMore) examples[most] = example
    },
  }
}

function exampleOf(
  {
    problemId,
    sampleIndex,
    problem,
    generatedText,
    extractedAnswer,
    expectedAnswer,
    rule,
    tokens,
  }: SampleRecord,
  meanEntropyNats: number,
) {
  const mostUncertain = tokens
    .map(({ text, entropyNats }) => ({ text, entropyNats }))
    .sort((a, b) => b.entropyNats - a.entropyNats)
    .slice(0, uncertainTokens)
  const answer = { extractedAnswer, expectedAnswer, rule, meanEntropyNats, mostUncertain }
  return { problemId, sampleIndex, problem, generatedText, ...answer }
}
